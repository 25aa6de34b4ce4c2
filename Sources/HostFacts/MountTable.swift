/// Mounts by their number (proc_pid_mountinfo(5)).
struct MountTable {
    struct Mount: Equatable {
        /// super_block.s_dev
        var device: UInt32
        /// `ext4`, `fuse.sshfs`
        var type: String
        /// The folder of the file system that is mounted.
        var root: String
        var point: String
        /// Of the file system.
        var options: [Substring]

        /// A program that any user can start, or another host, answers for it. The root is what this program itself needs.
        var mayHang: Bool {
            type.hasPrefix("fuse") || type == "autofs" || point != "/" && Self.remoteTypes.contains(type)
        }

        private static let remoteTypes: Set<String> = [
            "nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "lustre", "glusterfs", "ocfs2", "gfs2", "coda",
        ]
    }

    /// What lies beyond is not known, which is the worse.
    private static let limit = 1 << 20

    private var mounts: [UInt32: Mount] = [:]

    init(_ path: String) { self.init(text: readFile(path, limit: Self.limit) ?? []) }

    init(text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard let dash = fields.firstIndex(of: "-"), dash > 5, dash + 3 < fields.count,
                let number = UInt32(fields[0])
            else { continue }
            let numbers = fields[2].split(separator: ":").compactMap { UInt32($0) }
            guard numbers.count == 2 else { continue }
            mounts[number] = Mount(
                device: numbers[0] << 20 | numbers[1], type: fields[dash + 1], root: fields[3], point: fields[4],
                options: fields[dash + 3].split(separator: ","))
        }
    }

    subscript(number: UInt32) -> Mount? { mounts[number] }

    func first(where isIt: (Mount) -> Bool) -> Mount? { mounts.values.first(where: isIt) }
}
