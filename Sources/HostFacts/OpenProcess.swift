internal import Glibc
public import MailWatch

extension ProcessDescription {
    /// The same limits as of what is read in the kernel (probe_events.h).
    private static let argvLimit = 1023
    private static let cgroupLimit = 512
    private static let ancestorLimit = 6

    /// Adds what /proc says of a process that was running before the probe: argv, the cgroup and the ancestors, as they are
    /// now. Where the process has gone, that is said in `gaps`.
    public mutating func completeFromProc() {
        let ticks = UInt64(max(sysconf(Int32(_SC_CLK_TCK)), 1))
        guard let status = ProcessStatus(pid), status.startTicks == startTime / (1_000_000_000 / ticks),
            let argv = readFile("/proc/\(pid)/cmdline", limit: Self.argvLimit + 1),
            let groups = readFile("/proc/\(pid)/cgroup", limit: 16_384)
        else {
            gaps.formUnion([.argvUnreadable, .cgroupTruncated])
            return
        }
        if argv.count > Self.argvLimit { gaps.insert(.argvTruncated) }
        self.argv = Array(argv.prefix(Self.argvLimit))
        // cgroups(7): `0::/path` is that of version 2.
        let unified = groups.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "0::/".utf8) }
        let path = unified.map { Array($0.dropFirst(3)) } ?? [UInt8(ascii: "/")]
        if path.count > Self.cgroupLimit { gaps.insert(.cgroupTruncated) }
        cgroupPath = Array(path.prefix(Self.cgroupLimit))
        ancestors = []
        var parent = status.parent
        while parent != 0, ancestors.count < Self.ancestorLimit, let status = ProcessStatus(parent) {
            ancestors.append(
                .init(
                    pid: parent, uid: status.uid, startTime: status.startTicks * (1_000_000_000 / ticks),
                    comm: status.comm))
            parent = status.parent
        }
    }
}

/// What /proc/PID/stat and /proc/PID/status tell (proc(5)).
private struct ProcessStatus {
    let comm: [UInt8]
    let parent: UInt32
    /// Since the boot.
    let startTicks: UInt64
    let uid: UInt32

    init?(_ pid: UInt32) {
        // The name may have parentheses of its own: the last one ends it.
        guard let stat = readFile("/proc/\(pid)/stat", limit: 4096), let open = stat.firstIndex(of: UInt8(ascii: "(")),
            let close = stat.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        comm = Array(stat[(open + 1)..<close])
        let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " ")).map {
            String(decoding: $0, as: UTF8.self)
        }
        // From the third on: ppid is the fourth, starttime the 22nd.
        guard fields.count > 19, let parent = UInt32(fields[1]), let ticks = UInt64(fields[19]),
            let status = readFile("/proc/\(pid)/status", limit: 4096)
        else { return nil }
        self.parent = parent
        startTicks = ticks
        let line = status.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "Uid:\t".utf8) }
        guard let number = line?.dropFirst(5).split(separator: UInt8(ascii: "\t")).first,
            let uid = UInt32(String(decoding: number, as: UTF8.self))
        else { return nil }
        self.uid = uid
    }
}
