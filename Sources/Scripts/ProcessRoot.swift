internal import CLinux
internal import Glibc
internal import MailWatch

/// Finds the root directory under which a process names its files.
enum ProcessRoot {
    /// A process that may name the script, too: the PHP process that started the one that connects.
    struct Origin: Hashable, Sendable {
        var pid: UInt32
        /// ns of CLOCK_BOOTTIME; nil where it is not known.
        var startTime: UInt64?
    }

    /// Nil where no process that sees its files can be looked at.
    ///
    /// - Parameter first: the first process of the host.
    static func open(of process: ProcessDescription, origin: Origin?, first: UInt32) -> RootDirectory? {
        // The PHP that named the script: its child may have put other files there for itself.
        if let origin, let startTime = origin.startTime, let root = root(of: origin.pid, startTime: startTime) {
            return RootDirectory(root)
        }
        if let root = root(of: process.pid, startTime: process.startTime) { return RootDirectory(root) }
        if let origin, let root = root(of: origin, for: process) { return RootDirectory(root) }
        return shared(process, first: first)
    }

    static func canReach(_ pid: UInt32) -> Bool? {
        guard let directory = Descriptor.open("/proc/\(pid)", flags: pathOnly | O_DIRECTORY) else { return nil }
        if Descriptor.open("root", in: directory.number, flags: pathOnly | O_DIRECTORY) != nil { return true }
        return errno == EACCES || errno == EPERM ? false : nil
    }

    private static func root(of pid: UInt32, startTime: UInt64) -> Descriptor? {
        // The directory is of this very process: it is empty once that has gone, even if the number is used again.
        guard let directory = Descriptor.open("/proc/\(pid)", flags: pathOnly | O_DIRECTORY),
            startTicks(directory) == startTime / nanosecondsPerTick
        else { return nil }
        return Descriptor.open("root", in: directory.number, flags: pathOnly | O_DIRECTORY)
    }

    private static func root(of origin: Origin, for process: ProcessDescription) -> Descriptor? {
        let startTime = origin.startTime ?? process.ancestors.first { $0.pid == origin.pid }?.startTime
        if let startTime { return root(of: origin.pid, startTime: startTime) }
        // Whatever process has the number now: it is as good if it sees the same files.
        guard let directory = Descriptor.open("/proc/\(origin.pid)", flags: pathOnly | O_DIRECTORY),
            process.mountNamespace != 0, mountNamespace(directory) == process.mountNamespace,
            directory.linkTarget("root") == (process.root.isEmpty ? slash : process.root)
        else { return nil }
        return Descriptor.open("root", in: directory.number, flags: pathOnly | O_DIRECTORY)
    }

    /// The root of an ended process, found below the root of one that lives in the same mount namespace: this program,
    /// the host's first process (a service often has a mount namespace of its own), or an ancestor.
    private static func shared(_ process: ProcessDescription, first: UInt32) -> RootDirectory? {
        guard process.mountNamespace != 0 else { return nil }
        for other in ["self", "\(first)"] + process.ancestors.map({ "\($0.pid)" }) {
            guard let directory = Descriptor.open("/proc/\(other)", flags: pathOnly | O_DIRECTORY),
                mountNamespace(directory) == process.mountNamespace,
                directory.linkTarget("root") == slash,
                let top = Descriptor.open("root", in: directory.number, flags: pathOnly | O_DIRECTORY)
            else { continue }
            guard let root = RootDirectory(top).reach(process.root + slash) else { return nil }
            return RootDirectory(root)
        }
        return nil
    }

    private static let slash = [UInt8(ascii: "/")]

    /// proc_pid_stat(5) has the start in USER_HZ, which is 100 on all that Swift runs on.
    static let nanosecondsPerTick: UInt64 = 10_000_000

    /// Field 22 of stat. comm may hold blanks and parentheses: count from the last one.
    private static func startTicks(_ directory: borrowing Descriptor) -> UInt64? {
        guard let file = Descriptor.open("stat", in: directory.number, flags: O_RDONLY),
            let text = file.read(limit: 4096), let end = text.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
    }

    private static func mountNamespace(_ directory: borrowing Descriptor) -> UInt32? {
        var status = stat()
        // fstatat fills the structure.
        guard unsafe fstatat(directory.number, "ns/mnt", &status, 0) == 0 else { return nil }
        return UInt32(truncatingIfNeeded: status.st_ino)
    }
}
