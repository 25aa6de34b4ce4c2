internal import CLinux
internal import Glibc

/// The directory that a process has for its root.
final class RootDirectory {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Finds a file without opening it, so that neither a device nor a FIFO notices. A path that ends with `/` finds a
    /// directory only. Nil on failure, with errno.
    ///
    /// Neither `..` nor a symbolic link leads out of the root, and links of /proc are not followed: what openat2(2)
    /// does with RESOLVE_IN_ROOT. That call answers ENOSYS under RestrictSUIDSGID= (systemd.exec(5)), under the filters
    /// of some container runtimes and before Linux 5.6, so the path is walked here, one name at a time.
    func reach(_ path: [UInt8]) -> Descriptor? {
        guard !path.contains(0) else {
            errno = EINVAL
            return nil
        }
        var walk = PathWalk(path)
        return walk.find(from: descriptor)
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
