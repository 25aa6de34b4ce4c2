internal import CLibmd
internal import CLinux
internal import Glibc
internal import HostFacts
internal import MailWatch

/// What is to be found out of one script. Runs on the worker: each of its calls may hang on a file system.
struct Inspection: Sendable {
    /// Larger files are not hashed.
    static let hashLimit = 8 << 20

    var path: [UInt8]
    var process: ProcessDescription
    var origin: ProcessRoot.Origin?
    /// More paths of the same process, for where the script's own says nothing of its application.
    var others: [[UInt8]]
    /// Whether the host's name for the owner's number means the owner.
    var namesOwner = true

    func facts(first: UInt32, users: UserNames) -> ScriptFacts {
        var facts = ScriptFacts()
        guard let root = ProcessRoot.open(of: process, origin: origin, first: first) else {
            facts.obstacle = .outOfReach
            return facts
        }
        read(root, users, &facts)
        // Also of a script that has gone.
        facts.application = WebApplicationDetector(root.view).application(of: path, others: others)
        return facts
    }

    private func read(_ root: RootDirectory, _ users: UserNames, _ facts: inout ScriptFacts) {
        guard let found = root.reach(path), let status = found.status else {
            facts.obstacle = errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable
            return
        }
        // In proc, /proc/self and what leads there (/dev/fd) are those of whoever looks: not what the process had there.
        guard status.st_mode & S_IFMT == S_IFREG, !clinux_is_pseudo(found.number) else {
            facts.obstacle = .unreadable
            return
        }
        // The path begins at the process's root directory, which only root can change outside a user namespace.
        let front = process.root == [UInt8(ascii: "/")] ? [] : process.root
        facts.standing = HostFile.standing(of: front + path, like: status)
        facts.uid = status.st_uid
        facts.owner = namesOwner ? users.name(status.st_uid) : nil
        facts.size = UInt64(max(0, status.st_size))
        if status.st_mtim.tv_sec >= 0, status.st_mtim.tv_sec < 1 << 33 {
            facts.modificationTime = UInt64(status.st_mtim.tv_sec) * 1_000_000_000 + UInt64(status.st_mtim.tv_nsec)
        }
        guard status.st_size <= Self.hashLimit else {
            facts.obstacle = .tooLarge
            return
        }
        guard let file = RootDirectory.open(found) else {
            facts.obstacle = .unreadable
            return
        }
        hash(file, &facts)
    }

    private func hash(_ file: borrowing Descriptor, _ facts: inout ScriptFacts) {
        var state = SHA2_CTX()
        // All three take a whole SHA2_CTX; what is read is within the array.
        unsafe SHA256Init(&state)
        var part = [UInt8](repeating: 0, count: 65_536)
        var size = 0
        while true {
            guard let count = file.read(into: &part) else {
                facts.obstacle = .unreadable
                return
            }
            if count == 0 { break }
            size += count
            // It can grow while it is read.
            guard size <= Self.hashLimit else {
                facts.obstacle = .tooLarge
                return
            }
            unsafe SHA256Update(&state, part, count)
        }
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        unsafe SHA256Final(&digest, &state)
        facts.sha256 = digest
    }
}
