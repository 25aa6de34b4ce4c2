internal import Glibc
internal import MailWatch

/// The cgroup file systems, which tell who made a cgroup (cgroups(7)): root makes them below a folder that only root can
/// write; below any other, a user to whom it was delegated.
struct CgroupTree {
    /// Where the hierarchy's root is mounted; nil where it is not.
    let mount: String?

    static let unified = CgroupTree(isIt: { $0.type == "cgroup2" })
    /// The hierarchy that systemd manages where cgroup v1 is in use.
    static let legacy = CgroupTree(isIt: { $0.type == "cgroup" && $0.options.contains("name=systemd") })

    init(mount: String?) { self.mount = mount }

    private init(isIt: (MountTable.Mount) -> Bool) {
        mount = MountTable("/proc/self/mountinfo").first { $0.root == "/" && isIt($0) }?.point
    }

    /// How many of a path's parts root has named. A part that has gone was named by root where the one above it was root's;
    /// a slice that has gone was root's, for it cannot be delegated (systemd.resource-control(5)).
    func systemParts(of path: [UInt8]) -> Int {
        let parts = Path.components(path)
        guard let mount, Path.isAbsolute(path), !path.contains(0) else { return 0 }
        var folder = Array(mount.utf8)
        for (index, part) in parts.enumerated() {
            guard Self.isRoots(folder) else { return index }
            folder.append(UInt8(ascii: "/"))
            folder += part
        }
        return parts.count
    }

    private static func isRoots(_ folder: [UInt8]) -> Bool {
        var status = stat()
        // The path ends with NUL; lstat fills the structure.
        guard unsafe lstat(folder.map(CChar.init(bitPattern:)) + [0], &status) == 0 else {
            return errno == ENOENT && folder.suffix(6).elementsEqual(".slice".utf8)
        }
        return status.st_uid == 0 && status.st_mode & (S_IWGRP | S_IWOTH) == 0
    }
}
