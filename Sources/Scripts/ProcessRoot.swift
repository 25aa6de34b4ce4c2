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

    /// Nil where neither process is there and their files are not ours.
    static func open(of process: ProcessDescription, origin: Origin?, ownRoot: String) -> RootDirectory? {
        // The PHP that named the script: its child may have put other files there for itself.
        if let origin, let startTime = origin.startTime, let root = root(of: origin.pid, startTime: startTime) {
            return RootDirectory(root)
        }
        if let root = root(of: process.pid, startTime: process.startTime) { return RootDirectory(root) }
        if let origin, let root = root(of: origin, for: process) { return RootDirectory(root) }
        return own(process, ownRoot: ownRoot)
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
            process.mountNamespace != 0, mountNamespace(directory.number, "ns/mnt") == process.mountNamespace,
            rootName(directory) == name(of: process.root)
        else { return nil }
        return Descriptor.open("root", in: directory.number, flags: pathOnly | O_DIRECTORY)
    }

    private static func own(_ process: ProcessDescription, ownRoot: String) -> RootDirectory? {
        guard process.mountNamespace != 0,
            mountNamespace(AT_FDCWD, "/proc/self/ns/mnt") == process.mountNamespace,
            let own = Descriptor.open(ownRoot, flags: pathOnly | O_DIRECTORY)
        else { return nil }
        guard let root = RootDirectory(own).reach(name(of: process.root), flags: O_DIRECTORY) else { return nil }
        return RootDirectory(root)
    }

    private static func name(of root: [UInt8]) -> [UInt8] { root.isEmpty ? [UInt8(ascii: "/")] : root }

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

    private static func mountNamespace(_ directory: Int32, _ path: String) -> UInt32? {
        var status = stat()
        // fstatat fills the structure.
        guard unsafe fstatat(directory, path, &status, 0) == 0 else { return nil }
        return UInt32(truncatingIfNeeded: status.st_ino)
    }

    private static func rootName(_ directory: borrowing Descriptor) -> [UInt8]? {
        var name = [UInt8](repeating: 0, count: Path.limit + 1)
        // readlinkat writes at most what the buffer holds.
        let count = unsafe name.withUnsafeMutableBytes {
            unsafe readlinkat(directory.number, "root", $0.baseAddress!, $0.count)
        }
        return count < 0 ? nil : Array(name[..<count])
    }
}
