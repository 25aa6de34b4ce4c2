import Foundation
import MailWatch
import Testing

@testable import HostFacts

/// Programs that every Debian has stand for mail servers: /usr/bin/env is root's, and no others may write it.
struct MailServersTests {
    private static let software = [
        MailSoftware(name: "Postfix", paths: ["/usr/bin/env"], users: ["postfix"]),
        MailSoftware(name: "OpenSMTPD", paths: ["/usr/share/base-files/"], users: ["smtpd"]),
        MailSoftware(name: "dma", paths: [setGroupID], users: []),
    ]
    /// Of the group shadow, by set-group-ID.
    private static let setGroupID = "/usr/bin/chage"

    private static let here: UInt32 = 4_026_531_840

    /// Runs the file that is there, in the host's mount namespace unless `namespace` is another's.
    private func process(_ exe: String, namespace: UInt32 = here) -> ProcessDescription {
        var process = ProcessDescription()
        process.exe = Array(exe.utf8)
        process.gid = 33
        process.effectiveUID = 33
        process.effectiveGID = 33
        process.mountNamespace = namespace
        process.exeMountNamespace = namespace
        process.exeMountOwner = ProcessDescription.initialUserNamespace
        process.userNamespace = ProcessDescription.initialUserNamespace
        let file = HostFile.all(at: process.exe).first
        process.exeInode = file?.inode ?? 7
        process.exeDevice = file?.device ?? 9
        return process
    }

    /// On a host whose mount namespace is `here`.
    private func placement(
        _ process: ProcessDescription, _ user: String? = "postfix", software: [MailSoftware] = software,
        owner: String? = nil, unit: String? = nil, container: String? = nil
    ) -> Placement {
        var placement = Placement(effectiveUserName: user, unit: unit, container: container)
        let servers = MailServers(software: software, postfixOwner: owner)
        let files = ExeFiles(remembering: servers.paths, hostNamespaces: [Self.here])
        servers.recognise(
            process, files.find(ExeFiles.Question(process, isService: placement.isSystemService)),
            isMountedByHost: files.isMountedByHost(process), in: &placement)
        return placement
    }

    private func server(
        _ process: ProcessDescription, _ user: String? = "postfix", software: [MailSoftware] = software,
        owner: String? = nil
    ) -> MailServer? {
        placement(process, user, software: software, owner: owner).mailServer
    }

    @Test func programAndUserMakeAnInstalledServer() {
        #expect(server(process("/usr/bin/env")) == MailServer(name: "Postfix", standing: .installed))
        #expect(server(process("/usr/bin/env"), "www-data") == nil)
        #expect(server(process("/usr/bin/env"), nil) == nil)
        #expect(server(process("/usr/bin/env"), "root") == nil)
        #expect(server(process("/usr/bin/cat")) == nil)
        #expect(server(process("usr/bin/env")) == nil)
    }

    @Test func ownerOfPostfixIsAsItIsConfigured() {
        #expect(server(process("/usr/bin/env"), "mailer", owner: "mailer") != nil)
        #expect(server(process("/usr/share/base-files/profile"), "mailer", owner: "mailer") == nil)
    }

    @Test func folderStandsForItsFilesAndNoDeeperOnes() {
        #expect(server(process("/usr/share/base-files/profile"), "smtpd")?.name == "OpenSMTPD")
        #expect(server(process("/usr/share/base-files/a/profile"), "smtpd") == nil)
        #expect(server(process("/usr/share/base-files/"), "smtpd") == nil)
    }

    @Test func missingOrCutProgramIsNone() {
        let gone = [MailSoftware(name: "Postfix", paths: ["/usr/bin/mailsnoop-none"], users: ["postfix"])]
        var deleted = process("/usr/bin/mailsnoop-none")
        #expect(server(deleted, software: gone) == nil)
        deleted.isExeDeleted = true
        #expect(server(deleted, software: gone) == nil)
        var cut = process("/usr/bin/env")
        cut.gaps = .exeTruncated
        #expect(server(cut) == nil)
    }

    /// Whoever runs it is in its group; who is not has not been let in by it.
    @Test func setGroupIDProgramIsKnownByItsGroup() throws {
        let file = try FileManager.default.attributesOfItem(atPath: Self.setGroupID)
        var process = process(Self.setGroupID)
        process.effectiveGID = (file[.groupOwnerAccountID] as? NSNumber)?.uint32Value
        #expect(server(process, "www-data") == MailServer(name: "dma", standing: .installed))
        process.effectiveGID = 33
        #expect(server(process, "www-data") == nil)
        // A program without it says nothing by its group.
        let plain = [MailSoftware(name: "dma", paths: ["/usr/bin/env"], users: [])]
        var other = self.process("/usr/bin/env")
        other.effectiveGID = 0
        #expect(server(other, "www-data", software: plain) == nil)
    }

    /// A member of the group runs it with the group as its own, and with any environment.
    @Test func groupIsNoProofForItsMembers() throws {
        var member = process(Self.setGroupID)
        let group = try #require(HostFile.all(at: member.exe).first?.group)
        member.gid = group
        member.effectiveGID = group
        #expect(server(member, "www-data") == nil)
        var execution = ProcessDescription.Execution()
        execution.exeInode = member.exeInode
        execution.exeDevice = member.exeDevice
        member.execution = execution
        #expect(server(member, "www-data")?.standing == .installed)
        for change in [\ProcessDescription.Execution.hasLoaderVariables, \.isEnvironmentTruncated] {
            var swayed = execution
            swayed[keyPath: change] = true
            member.execution = swayed
            #expect(server(member, "www-data") == nil)
        }
    }

    @Test func containersWordIsNoProof() {
        var process = process("/usr/bin/env", namespace: Self.here + 1)
        process.exeInode += 1
        #expect(server(process) == MailServer(name: "Postfix", standing: .inContainer))
        #expect(server(process, "www-data") == MailServer(name: "Postfix", standing: .inContainer))
        process.userNamespace = 0
        #expect(server(process) == nil)
    }

    /// As with PrivateTmp= of systemd.
    @Test func hostsOwnFileInAnotherMountNamespaceIsInstalled() throws {
        var process = process("/usr/bin/env", namespace: Self.here + 1)
        #expect(server(process)?.standing == .installed)
        process.exeDevice += 1
        #expect(server(process)?.standing == .inContainer)
    }

    /// Whoever makes a namespace can mount there.
    @Test(
        arguments: [
            { $0.userNamespace = 4_026_532_301 }, { $0.exeMountOwner = 4_026_532_301 }, { $0.exeMountNamespace = 0 },
            {
                var execution = ProcessDescription.Execution()
                execution.exeInode = $0.exeInode + 1
                execution.exeDevice = $0.exeDevice
                $0.execution = execution
            },
        ] as [@Sendable (inout ProcessDescription) -> Void])
    func forgedProgramIsNotInstalled(change: @Sendable (inout ProcessDescription) -> Void) {
        var forged = process("/usr/bin/env")
        change(&forged)
        #expect(server(forged)?.standing != .installed)
    }

    /// dpkg puts the new file in the place of the old one, which goes on running; a hard link may keep that one's name.
    @Test(arguments: [true, false]) func upgradedProgramIsStillInstalled(isDeleted: Bool) {
        var old = process("/usr/bin/env")
        old.exeInode += 1
        old.isExeDeleted = isDeleted
        let placement = placement(old)
        #expect(placement.exe == .former)
        #expect(placement.mailServer == MailServer(name: "Postfix", standing: .installed))
        #expect(server(old, "www-data") == nil)
    }

    @Test func upgradedProgramOfAPrivateNamespaceIsTheServicesOrRemembered() throws {
        var old = process("/usr/bin/env", namespace: Self.here + 1)
        // The file that is there when mailsnoop starts, and is deleted later.
        old.isExeDeleted = true
        #expect(server(old)?.standing == .installed)
        // Another one that was before.
        old.exeInode += 1
        #expect(server(old)?.standing == .inContainer)
        #expect(placement(old, unit: "postfix.service").mailServer?.standing == .installed)
        for unit in [
            "user@1000.service", "user@1000.service/postfix.service", "session-3.scope", ".../postfix.service",
        ] {
            #expect(placement(old, unit: unit).mailServer?.standing == .inContainer)
        }
        #expect(placement(old, unit: "docker.service", container: "web1").mailServer?.standing == .inContainer)
        old.userNamespace = 4_026_532_301
        #expect(placement(old, unit: "postfix.service").mailServer?.standing == .inContainer)
    }

    /// /tmp is everybody's: each of its files can be another one a moment later.
    @Test func programThatOthersCanChangeIsNone() throws {
        let path = "/tmp/mailsnoop-\(UUID())"
        try Data().write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let software = [MailSoftware(name: "Postfix", paths: [path], users: ["postfix"])]
        #expect(server(process(path), software: software) == nil)
        // A folder is no program.
        let folder = [MailSoftware(name: "Postfix", paths: ["/usr/bin"], users: ["postfix"])]
        #expect(server(process("/usr/bin"), software: folder) == nil)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root")) func programThatItsGroupCanWriteIsNone() throws {
        let path = "/usr/lib/mailsnoop-\(UUID())"
        try Data().write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let software = [MailSoftware(name: "Postfix", paths: [path], users: ["postfix"])]
        for (mode, owner, isInstalled) in [(0o755, 0, true), (0o775, 0, false), (0o757, 0, false), (0o755, 33, false)] {
            try FileManager.default.setAttributes(
                [.posixPermissions: mode, .ownerAccountID: owner], ofItemAtPath: path)
            #expect((server(process(path), software: software) != nil) == isInstalled, "\(mode) \(owner)")
        }
    }

    @Test func everyPathIsAbsoluteAndKnownOnce() {
        let paths = MailSoftware.known.flatMap(\.paths)
        #expect(paths.allSatisfy { $0.hasPrefix("/") })
        #expect(Set(paths).count == paths.count)
    }
}
