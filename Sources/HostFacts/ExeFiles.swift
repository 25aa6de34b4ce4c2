internal import Glibc
internal import MailWatch
internal import Synchronization

/// Tells whether the exe of a process is this host's own file, and remembers what was.
final class ExeFiles: Sendable {
    struct Finding: Equatable, Sendable {
        var standing: FileStanding
        /// Set where the host's program is set-group-ID.
        var group: UInt32?
    }

    fileprivate struct File: Hashable {
        let path: [UInt8]
        let inode: UInt64
        let device: UInt32
    }

    /// What decides the finding.
    struct Question: Hashable, Sendable {
        fileprivate let file: File
        fileprivate let mountNamespace: UInt32
        fileprivate let isDeleted: Bool
        fileprivate let isService: Bool
        /// What is found without a look.
        fileprivate let standing: FileStanding?

        /// - Parameter isService: whether the system's service manager started the process.
        init(_ process: ProcessDescription, isService: Bool) {
            file = File(path: process.exe, inode: process.exeInode, device: process.exeDevice)
            mountNamespace = process.exeMountNamespace
            isDeleted = process.isExeDeleted
            self.isService = isService
            if !Path.isAbsolute(process.exe) || process.gaps.contains(.exeTruncated) {
                standing = .unknown
            } else if !process.doubts.isDisjoint(with: [
                .namespacesUnread, .userNamespace, .mountNamespace, .unmounted,
            ]) {
                // Paths of a namespace that anybody can make prove nothing, and can lead anywhere.
                standing = .foreign
            } else {
                standing = nil
            }
        }
    }

    private struct State {
        /// Both bounded by beginning anew.
        var answers: [Question: (finding: Finding, time: UInt64)] = [:]
        var formerly: Set<File> = []
    }

    private static let limit = 256
    private static let memoryLimit = 4096
    /// An answer is as good for those who ask within a second.
    private static let time: UInt64 = 1_000_000_000

    private let hostNamespaces: Set<UInt32>
    private let state: Mutex<State>

    /// - Parameter paths: files that may be replaced before a process of theirs is seen.
    init(remembering paths: [String], hostNamespaces: Set<UInt32> = hostNamespaces) {
        self.hostNamespaces = hostNamespaces
        var start = State()
        for path in paths {
            let path = Array(path.utf8)
            for file in HostFile.all(at: path) where file.owner == 0 {
                start.formerly.insert(File(path: path, inode: file.inode, device: file.device))
            }
        }
        state = Mutex(start)
    }

    /// Whether the exe lies in a mount namespace that is the host's: its path was made by root.
    func isMountedByHost(_ process: ProcessDescription) -> Bool { isHosts(process.exeMountNamespace) }

    private func isHosts(_ mountNamespace: UInt32) -> Bool {
        mountNamespace != 0 && hostNamespaces.contains(mountNamespace)
    }

    /// The answer where it takes no look at a file; nil where it does.
    func known(_ question: Question) -> Finding? {
        if let standing = question.standing { return Finding(standing: standing) }
        return state.withLock { state in
            guard let known = state.answers[question], WallClock.uptime < known.time + Self.time else { return nil }
            return known.finding
        }
    }

    /// Looks at the file, which may take long or never end.
    func find(_ question: Question) -> Finding {
        if let known = known(question) { return known }
        let present = HostFile.all(at: question.file.path)
        return state.withLock { state in
            if state.answers.count >= Self.limit { state.answers = [:] }
            let finding = compare(question, present, &state.formerly)
            state.answers[question] = (finding, WallClock.uptime)
            return finding
        }
    }

    private func compare(_ question: Question, _ present: [HostFile], _ formerly: inout Set<File>) -> Finding {
        let file = question.file
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
            isHosts(question.mountNamespace) || formerly.contains(file) || question.isDeleted && question.isService
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
