internal import CLinux
internal import Glibc
internal import MailWatch

/// The directory that a process has for its root.
final class RootDirectory {
    private enum Known {
        case found(RootDirectory)
        /// By errno.
        case failed(Int32)
        /// Too many are open.
        case unknown
    }

    /// Each is a descriptor.
    private static let directoryLimit = 32

    private let descriptor: Descriptor
    private var directories: [[UInt8]: Known] = [:]
    private var openDirectories = 0

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
        // The search for an application asks for many files of few directories.
        if let (folder, name) = Self.split(path) {
            switch directory(folder) {
            case .failed(let code):
                errno = code
                return nil
            case .found(let folder):
                guard let found = folder.open(name, flags: 0), let status = found.status else { return nil }
                if status.st_mode & S_IFMT != S_IFLNK { return found }
            case .unknown: break
            }
        }
        return walk(path)
    }

    private func walk(_ path: [UInt8]) -> Descriptor? {
        var walk = PathWalk(path)
        return walk.find(from: descriptor)
    }

    private func open(_ name: [UInt8], flags: Int32) -> Descriptor? {
        PathWalk.open(name, in: descriptor, flags: flags)
    }

    /// The directory of that path, opened once.
    private func directory(_ path: [UInt8]) -> Known {
        if path.isEmpty { return .found(self) }
        if let known = directories[path] { return known }
        let known: Known
        if let found = openDirectory(path) {
            guard openDirectories < Self.directoryLimit else { return .unknown }
            openDirectories += 1
            known = .found(RootDirectory(found))
        } else {
            known = .failed(errno)
        }
        directories[path] = known
        return known
    }

    private func openDirectory(_ path: [UInt8]) -> Descriptor? {
        if let (folder, name) = Self.split(path) {
            switch directory(folder) {
            case .found(let folder):
                if let found = folder.open(name, flags: O_DIRECTORY) { return found }
                // A symbolic link has to be walked.
                guard errno == ENOTDIR else { return nil }
            case .failed(let code):
                errno = code
                return nil
            case .unknown: break
            }
        }
        return walk(path + [UInt8(ascii: "/")])
    }

    /// The directory and the name in it; nil for what only a walk can find.
    private static func split(_ path: [UInt8]) -> (folder: [UInt8], name: [UInt8])? {
        let names = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        // Each name is a call deeper.
        guard Path.isAbsolute(path), let name = names.last, names.count <= 64,
            !names.contains(where: { $0.isEmpty || $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) })
        else { return nil }
        return (Array(path.dropLast(name.count + 1)), Array(name))
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
