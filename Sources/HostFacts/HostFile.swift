public import Glibc
public import MailWatch

/// A file of this host, as it lies at a path now: in the mount namespace of this program, or in the initial one.
public struct HostFile: Equatable, Sendable {
    /// inode.i_ino
    public let inode: UInt64
    /// super_block.s_dev
    public let device: UInt32
    /// st_dev of stat(2), which is another number on btrfs and overlayfs.
    public let statusDevice: UInt64
    /// Who besides root can write or replace it; 0 where nobody can, nil where more than one user can.
    public let owner: UInt32?
    /// The group that the program runs with: set where it is set-group-ID.
    public let group: UInt32?

    /// One file, or two where the namespaces have different ones at that path. Empty where there is no regular file, or where
    /// only a file system could tell that may never answer.
    /// - Parameter path: absolute and without symbolic links, as the kernel names it.
    public static func all(at path: [UInt8]) -> [HostFile] {
        var files: [HostFile] = []
        for root in Root.all {
            if let file = find(path, below: root), !files.contains(file) { files.append(file) }
        }
        return files
    }

    /// Whether a file that somebody else names by that path is the host's own.
    /// - Parameter status: of the file, as stat(2) has it.
    /// - Returns: `foreign`, `own` or `writable`.
    public static func standing(of path: [UInt8], like status: stat) -> FileStanding {
        all(at: path).first { $0.inode == status.st_ino && $0.statusDevice == status.st_dev }?.standing ?? .foreign
    }

    /// `own` or `writable`.
    var standing: FileStanding { owner.map { .own(owner: $0) } ?? .writable }

    /// The directories that paths of the host begin at. pid 1 is in the initial mount namespace, as far as this program can
    /// tell; it may not be allowed to look there.
    private struct Root {
        let path: String
        let mounts: String

        static let all = [
            Root(path: "/", mounts: "/proc/self/mountinfo"), Root(path: "/proc/1/root", mounts: "/proc/1/mountinfo"),
        ]
    }

    /// Longer paths have more parts than anybody installs programs below.
    private static let depthLimit = 64
    private static let pathOnly: Int32 = 0o10000000

    /// Walks down without following a symbolic link, and leaves alone what may hang.
    private static func find(_ path: [UInt8], below root: Root) -> HostFile? {
        let parts = Path.components(path)
        guard Path.isAbsolute(path), !path.contains(0), (1...depthLimit).contains(parts.count) else { return nil }
        let mounts = MountTable(root.mounts)
        var folder = unsafe open(root.path, pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        guard var owners = Owners(folder, mounts) else { return nil }
        for part in parts.dropLast() {
            guard let next = openPart(part, in: folder, O_DIRECTORY) else { return nil }
            close(folder)
            folder = next
            guard let found = Owners(folder, mounts) else { return nil }
            owners.formUnion(found)
        }
        guard let last = parts.last, let file = openPart(last, in: folder, 0) else { return nil }
        defer { close(file) }
        guard let found = Owners(file, mounts), found.status.st_mode & S_IFMT == S_IFREG else { return nil }
        owners.formUnion(found)
        return HostFile(
            inode: UInt64(found.status.st_ino), device: found.device, statusDevice: UInt64(found.status.st_dev),
            owner: owners.single, group: found.status.st_mode & S_ISGID != 0 ? found.status.st_gid : nil)
    }

    private static func openPart(_ name: ArraySlice<UInt8>, in folder: Int32, _ flags: Int32) -> Int32? {
        let name = name.map(CChar.init(bitPattern:)) + [0]
        let descriptor = unsafe openat(folder, name, pathOnly | O_NOFOLLOW | O_CLOEXEC | flags)
        return descriptor < 0 ? nil : descriptor
    }

    /// mnt_id of proc_pid_fdinfo(5).
    fileprivate static func mount(of descriptor: Int32) -> UInt32? {
        let text = readFile("/proc/self/fdinfo/\(descriptor)", limit: 1024) ?? []
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where line.hasPrefix("mnt_id:") {
            return UInt32(line.dropFirst("mnt_id:".count).drop { $0 == "\t" || $0 == " " })
        }
        return nil
    }

    /// Those who can change a file or folder, and where it is mounted.
    private struct Owners {
        let status: stat
        let device: UInt32
        private var users: Set<UInt32> = [0]
        private var isOpen: Bool

        /// Nil where it is not known on which file system it lies, or that one may never answer.
        init?(_ descriptor: Int32, _ mounts: MountTable) {
            guard let mount = HostFile.mount(of: descriptor).flatMap({ mounts[$0] }), !mount.mayHang else { return nil }
            var status = stat()
            // fstat fills the structure.
            guard unsafe fstat(descriptor, &status) == 0 else { return nil }
            self.status = status
            device = mount.device
            users.insert(status.st_uid)
            // With an access control list the group's bits are the most that any user is granted (acl(5)).
            isOpen = status.st_mode & (S_IWGRP | S_IWOTH) != 0
        }

        mutating func formUnion(_ other: Owners) {
            users.formUnion(other.users)
            isOpen = isOpen || other.isOpen
        }

        var single: UInt32? { isOpen || users.count > 2 ? nil : users.max() }
    }
}
