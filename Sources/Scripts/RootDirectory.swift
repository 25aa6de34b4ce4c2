internal import CLinux
internal import Glibc

/// The directory that a process has for its root.
final class RootDirectory {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Reserves the name without opening what it means: neither a device nor a FIFO notices. errno tells of a failure.
    func reach(_ path: [UInt8], flags: Int32 = 0) -> Descriptor? {
        guard !path.contains(0) else {
            errno = EINVAL
            return nil
        }
        let name = path.map(CChar.init(bitPattern:)) + [0]
        return Descriptor(unsafe clinux_open_in_root(descriptor.number, name, pathOnly | O_CLOEXEC | flags))
    }

    /// Opens what reach() has found, if it is a regular file of a file system that holds files: some in proc and tracefs
    /// lose what is read.
    static func open(_ found: borrowing Descriptor) -> Descriptor? {
        guard let status = found.status, status.st_mode & S_IFMT == S_IFREG, !clinux_is_pseudo(found.number) else {
            return nil
        }
        let path = "/proc/self/fd/\(found.number)"
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
        if let file = Descriptor.open(path, flags: flags | noAccessTime) { return file }
        // Only the owner may leave the time of access alone.
        return errno == EPERM ? Descriptor.open(path, flags: flags) : nil
    }

    /// The files below it.
    var view: FileView {
        FileView {
            self.reach($0) != nil
        } read: { path, limit in
            guard let found = self.reach(path), let file = Self.open(found) else { return nil }
            return file.read(limit: limit)
        }
    }
}
