internal import Glibc
public import MailWatch
internal import Synchronization

/// What this host knows of the processes on it.
public final class Host: Sendable {
    private let users: UserNames
    private let mailServers = Mutex(MailServers())

    public init(users: UserNames = UserNames()) { self.users = users }

    public static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        // One byte is left for the NUL that gethostname may leave out.
        unsafe gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Hands what is known of a process to `answer`: at once where its users are of this host, else by a call from
    /// another thread, when their names are known.
    public func place(_ process: ProcessDescription, then answer: @escaping @Sendable (Placement) -> Void) {
        find(process.uid) { [self] user in
            find(process.effectiveUID == process.uid ? nil : process.effectiveUID) { [self] effective in
                let effective = process.effectiveUID == process.uid ? user : effective
                answer(placement(process, user: user, effective: effective))
            }
        }
    }

    private func find(_ uid: UInt32?, then answer: @escaping @Sendable (String?) -> Void) {
        guard let uid else { return answer(nil) }
        users.find(uid, then: answer)
    }

    /// What is known of a process without the names of its users.
    public func placeWithoutUsers(_ process: ProcessDescription) -> Placement {
        placement(process, user: nil, effective: nil)
    }

    private func placement(_ process: ProcessDescription, user: String?, effective: String?) -> Placement {
        var path = process.cgroupPath
        // On a host that manages cgroup v1 the v2 path is just the root: the process itself may still be there to ask.
        if path == [UInt8(ascii: "/")] || path.isEmpty { path = Self.legacyCgroupPath(process.pid) ?? path }
        let place = CgroupPlace(path: path)
        var placement = Placement(
            userName: user, effectiveUserName: effective, unit: place.unit, container: place.container)
        placement.mailServer = mailServers.withLock { $0.server(process, user: placement.effectiveUserName) }
        return placement
    }

    /// The path in systemd's own hierarchy (cgroups(7), /proc/PID/cgroup).
    private static func legacyCgroupPath(_ pid: UInt32) -> [UInt8]? {
        guard let text = readFile("/proc/\(pid)/cgroup", limit: 4096) else { return nil }
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, parts[1].elementsEqual("name=systemd".utf8) { return Array(parts[2]) }
        }
        return nil
    }
}

/// The first `limit` bytes of a file, nil where it cannot be read: errno then says why.
package func readFile(_ path: String, limit: Int) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
        // read writes at most what is left of the buffer.
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress! + count, limit - count) }
        if got < 0 { return nil }
        if got == 0 { break }
        count += got
    }
    return Array(bytes[..<count])
}
