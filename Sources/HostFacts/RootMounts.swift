internal import Glibc
internal import MailWatch
internal import Synchronization

/// Tells whose root file system is not this host's, so that the host's names do not mean its users.
final class RootMounts: Sendable {
    private static let limit = 1024
    /// Of /proc/PID/mountinfo; the root is among the first mounts.
    private static let readLimit = 4096

    private let hostNamespaces: Set<UInt32>
    private let own: [UInt8]?
    /// By mount namespace, for processes that have ended. Bounded by beginning anew.
    private let answers = Mutex<[UInt32: Bool]>([:])

    init(hostNamespaces: Set<UInt32> = ExeFiles.hostNamespaces) {
        self.hostNamespaces = hostNamespaces
        own = Self.root(of: "self")
    }

    /// False where that cannot be told. A service with a mount namespace of its own (PrivateTmp=) has the host's root.
    func isForeign(_ process: ProcessDescription) -> Bool {
        let namespace = process.mountNamespace
        guard namespace != 0, !hostNamespaces.contains(namespace) else { return false }
        let root = Self.root(of: "\(process.pid)")
        return answers.withLock { answers in
            guard let own, let root else { return answers[namespace] ?? false }
            if answers.count >= Self.limit { answers = [:] }
            answers[namespace] = root != own
            return root != own
        }
    }

    /// Device and directory of the mount at `/` (proc_pid_mountinfo(5)). Reading that asks no file system.
    private static func root(of pid: String) -> [UInt8]? {
        guard let text = readFile("/proc/\(pid)/mountinfo", limit: readLimit) else { return nil }
        // What was mounted there last is on top.
        return mount(at: "/", in: text)
    }

    static func mount(at point: String, in text: [UInt8]) -> [UInt8]? {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        return lines.reversed().lazy.compactMap { line -> [UInt8]? in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count == 6, fields[4].elementsEqual(point.utf8) else { return nil }
            return fields[2] + [UInt8(ascii: " ")] + fields[3]
        }.first
    }
}
