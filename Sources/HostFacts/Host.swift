internal import Glibc
public import MailWatch

/// What this host knows of the processes on it.
public final class Host: Sendable {
    private let users: UserNames
    private let workers: Workers
    private let exeFiles: ExeFiles
    private let mailServers: MailServers
    private let cgroups = CgroupTree.unified
    private let legacyCgroups = CgroupTree.legacy
    private let rootMounts = RootMounts()

    public init(users: UserNames, workers: Workers) {
        self.users = users
        self.workers = workers
        mailServers = MailServers()
        exeFiles = ExeFiles(remembering: mailServers.paths)
    }

    public static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        // One byte is left for the NUL that gethostname may leave out.
        unsafe gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Hands what is known of a process to `answer`: at once where its users are of this host and its exe has just been
    /// looked at, else by a call from another thread.
    public func place(_ process: ProcessDescription, then answer: @escaping @Sendable (Placement) -> Void) {
        let start = placeByCgroup(process)
        guard !start.hasOwnUsers else { return placeByFiles(process, start, then: answer) }
        find(process.uid) { [self] user in
            find(process.effectiveUID == process.uid ? nil : process.effectiveUID) { [self] effective in
                var placement = start
                placement.userName = user
                placement.effectiveUserName = process.effectiveUID == process.uid ? user : effective
                placeByFiles(process, placement, then: answer)
            }
        }
    }

    private func find(_ uid: UInt32?, then answer: @escaping @Sendable (String?) -> Void) {
        guard let uid else { return answer(nil) }
        users.find(uid, then: answer)
    }

    /// What is known of a process by its control group alone: neither the names of its users nor its files.
    public func placeByCgroup(_ process: ProcessDescription) -> Placement {
        let place = cgroupPlace(process)
        var placement = Placement(unit: place.unit, container: place.container)
        placement.hasOwnUsers =
            place.container != nil
            // Without privileges, mounts of its own take a user namespace of its own.
            || process.exeMountOwner != 0 && process.exeMountOwner != ProcessDescription.initialUserNamespace
            || rootMounts.isForeign(process)
        return placement
    }

    /// The exe may lie on a file system that never answers. Without an answer it is not known to be the host's.
    private func placeByFiles(
        _ process: ProcessDescription, _ placement: Placement, then answer: @escaping @Sendable (Placement) -> Void
    ) {
        @Sendable func answerBy(_ exe: ExeFiles.Finding) {
            var placement = placement
            mailServers.recognise(process, exe, isMountedByHost: exeFiles.isMountedByHost(process), in: &placement)
            answer(placement)
        }
        let question = ExeFiles.Question(process, isService: placement.isSystemService)
        if let known = exeFiles.known(question) { return answerBy(known) }
        workers.run(for: process.uid.map(Workers.Payer.user) ?? .place("unknown user")) { [self] in
            answerBy(exeFiles.find(question))
        } otherwise: { _ in
            answerBy(ExeFiles.Finding(standing: .unknown))
        }
    }

    private func cgroupPlace(_ process: ProcessDescription) -> CgroupPlace {
        let path = process.cgroupPath
        // On a host where systemd manages cgroup v1 the v2 path is just the root.
        guard path.isEmpty || path == [UInt8(ascii: "/")] else {
            return CgroupPlace(path: path, systemParts: cgroups.systemParts(of: path))
        }
        let legacy = process.legacyCgroupPath ?? []
        return CgroupPlace(path: legacy, systemParts: legacyCgroups.systemParts(of: legacy))
    }
}

/// The first `limit` bytes of a file, nil where it cannot be read: errno then says why.
package func readFile(_ path: String, limit: Int) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
        // read writes at most what is left of the buffer.
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress! + count, limit - count) }
        if got < 0 { return nil }
        if got == 0 { break }
        count += got
    }
    return Array(bytes[..<count])
}

extension Placement {
    /// Whether the system's manager, and no user's, started the unit.
    var isSystemService: Bool {
        guard container == nil, let name = unit?.prefix(while: { $0 != "/" }) else { return false }
        return name.hasSuffix(".service") && !name.hasPrefix("user@")
    }
}
