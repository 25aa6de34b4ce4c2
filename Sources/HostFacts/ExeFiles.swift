internal import Glibc
internal import MailWatch

/// Tells whether the exe of a process is this host's own file, and remembers what was.
final class ExeFiles {
    struct Finding: Equatable {
        var standing: FileStanding
        /// Set where the host's program is set-group-ID.
        var group: UInt32?
    }

    private struct File: Hashable {
        let path: [UInt8]
        let inode: UInt64
        let device: UInt32
    }

    private struct Question: Hashable {
        let file: File
        let mountNamespace: UInt32
        let isDeleted: Bool
        let isService: Bool
    }

    private static let limit = 256
    private static let memoryLimit = 4096
    /// An answer is as good for those who ask within a second.
    private static let time: UInt64 = 1_000_000_000

    private let hostNamespaces: Set<UInt32>
    /// Both bounded by beginning anew.
    private var answers: [Question: (finding: Finding, time: UInt64)] = [:]
    private var formerly: Set<File> = []

    /// - Parameter paths: files that may be replaced before a process of theirs is seen.
    init(remembering paths: [String], hostNamespaces: Set<UInt32>) {
        self.hostNamespaces = hostNamespaces
        for path in paths {
            let path = Array(path.utf8)
            for file in HostFile.all(at: path) where file.owner == 0 {
                formerly.insert(File(path: path, inode: file.inode, device: file.device))
            }
        }
    }

    /// Whether the exe lies in a mount namespace that is the host's: its path was made by root.
    func isMountedByHost(_ process: ProcessDescription) -> Bool {
        process.exeMountNamespace != 0 && hostNamespaces.contains(process.exeMountNamespace)
    }

    /// - Parameter isService: whether the system's service manager started the process.
    func finding(_ process: ProcessDescription, isService: Bool) -> Finding {
        guard Path.isAbsolute(process.exe), !process.gaps.contains(.exeTruncated) else {
            return Finding(standing: .unknown)
        }
        // Paths of a namespace that anybody can make prove nothing, and can lead anywhere.
        guard process.doubts.isDisjoint(with: [.namespacesUnread, .userNamespace, .mountNamespace, .unmounted]) else {
            return Finding(standing: .foreign)
        }
        let question = Question(
            file: File(path: process.exe, inode: process.exeInode, device: process.exeDevice),
            mountNamespace: process.exeMountNamespace, isDeleted: process.isExeDeleted, isService: isService)
        let now = WallClock.uptime
        if let known = answers[question], now < known.time + Self.time { return known.finding }
        if answers.count >= Self.limit { answers = [:] }
        let finding = look(question, isHere: isMountedByHost(process))
        answers[question] = (finding, now)
        return finding
    }

    private func look(_ question: Question, isHere: Bool) -> Finding {
        let file = question.file
        let present = HostFile.all(at: file.path)
        if let same = present.first(where: { $0.inode == file.inode && $0.device == file.device }), !question.isDeleted
        {
            if same.owner == 0 {
                if formerly.count >= Self.memoryLimit { formerly = [] }
                formerly.insert(file)
            }
            return Finding(standing: same.standing, group: same.group)
        }
        // Replaced: root alone can write where both files were. The path is the host's own, or its file is remembered, or
        // root had the system start a service from it.
        if let newer = present.first(where: { $0.owner == 0 }),
            isHere || formerly.contains(file) || question.isDeleted && question.isService
        {
            return Finding(standing: .former, group: newer.group)
        }
        return Finding(standing: .foreign)
    }

    /// Inodes of the mount namespaces that are the host's: this program's, and that of pid 1 where it may be asked.
    static var hostNamespaces: Set<UInt32> {
        Set(
            ["/proc/self/ns/mnt", "/proc/1/ns/mnt"].compactMap { path in
                var status = stat()
                // stat fills the structure.
                return unsafe stat(path, &status) == 0 ? UInt32(truncatingIfNeeded: status.st_ino) : nil
            })
    }
}
