internal import MailWatch

/// Tells which processes are mail servers, by what they cannot choose themselves: the exe, its file and the user.
struct MailServers: Sendable {
    private let software: [MailSoftware]
    private let postfixOwner: String?

    init(software: [MailSoftware] = MailSoftware.known, postfixOwner: String? = PostfixSettings()["mail_owner"]) {
        self.software = software
        self.postfixOwner = postfixOwner
    }

    /// The files of mail servers on this host.
    var paths: [String] { software.flatMap(\.paths) }

    /// Says of the process whose placement this is whether its exe is the host's own, and whether it is a mail server.
    func recognise(
        _ process: ProcessDescription, _ exe: ExeFiles.Finding, isMountedByHost: Bool, in placement: inout Placement
    ) {
        placement.exe = exe.standing
        placement.isExeMountedByHost = isMountedByHost
        placement.mailServer = server(process, exe, placement)
    }

    private func server(
        _ process: ProcessDescription, _ exe: ExeFiles.Finding, _ placement: Placement
    ) -> MailServer? {
        guard exe.standing != .unknown, !process.doubts.contains(.namespacesUnread) else { return nil }
        let path = String(decoding: process.exe, as: UTF8.self)
        guard let software = software.first(where: { $0.isAt(path) }) else { return nil }
        guard exe.standing == .own(owner: 0) || exe.standing == .former else {
            let isElsewhere = exe.standing == .foreign && !placement.isExeMountedByHost
            return isElsewhere ? MailServer(name: software.name, standing: .inContainer) : nil
        }
        guard process.doubts.isDisjoint(with: [.exeChanged, .loader]) else { return nil }
        let isByUser =
            placement.effectiveUserName.map { user in
                software.users.contains(user) || software.name == "Postfix" && user == postfixOwner
            } ?? false
        // Who runs a set-group-ID program has its group, and nobody else has it by this program.
        let isByGroup =
            software.users.isEmpty && exe.group != nil && process.effectiveGID == exe.group && isUnswayed(process)
        return isByUser || isByGroup ? MailServer(name: software.name, standing: .installed) : nil
    }

    /// Whether its user could not have the dynamic loader add code: by set-group-ID it ignores the environment (AT_SECURE,
    /// ld.so(8)). A member of the group runs it without.
    private func isUnswayed(_ process: ProcessDescription) -> Bool {
        process.gid != process.effectiveGID
            || process.execution != nil && process.doubts.isDisjoint(with: [.loaderVariables, .environment])
    }
}
