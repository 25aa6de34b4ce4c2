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

    private func process(_ exe: String, mountNamespace: UInt64 = MailServers.ownMountNamespace) -> ProcessDescription {
        var process = ProcessDescription()
        process.exe = Array(exe.utf8)
        process.effectiveUID = 33
        process.effectiveGID = 33
        process.mountNamespace = UInt32(mountNamespace)
        return process
    }

    private func server(
        _ process: ProcessDescription, _ user: String? = "postfix", software: [MailSoftware] = software,
        owner: String? = nil
    ) -> MailServer? {
        MailServers(software: software, postfixOwner: owner).server(process, user: user)
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

    @Test func deletedOrCutProgramIsNone() {
        var deleted = process("/usr/bin/env")
        deleted.isExeDeleted = true
        #expect(server(deleted) == nil)
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

    @Test func containersWordIsNoProof() {
        let process = process("/usr/bin/env", mountNamespace: MailServers.ownMountNamespace + 1)
        #expect(server(process) == MailServer(name: "Postfix", standing: .inContainer))
        #expect(server(process, "www-data") == MailServer(name: "Postfix", standing: .inContainer))
        #expect(server(self.process("/usr/bin/env", mountNamespace: 0)) == nil)
    }

    /// As the kernel numbers it, by stat(1).
    private func kernelDevice(_ path: String) throws -> UInt32 {
        let stat = Foundation.Process()
        stat.executableURL = URL(filePath: "/usr/bin/stat")
        stat.arguments = ["--format=%Hd %Ld", path]
        let output = Pipe()
        stat.standardOutput = output
        try stat.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
        try #require(numbers.count == 2)
        return numbers[0] << 20 | numbers[1]
    }

    /// As with PrivateTmp= of systemd.
    @Test func hostsOwnFileInAnotherMountNamespaceIsInstalled() throws {
        var status = stat()
        #expect(unsafe stat("/usr/bin/env", &status) == 0)
        var process = process("/usr/bin/env", mountNamespace: MailServers.ownMountNamespace + 1)
        process.exeInode = UInt64(status.st_ino)
        process.exeDevice = try kernelDevice("/usr/bin/env")
        #expect(server(process)?.standing == .installed)
        process.exeDevice += 1
        #expect(server(process)?.standing == .inContainer)
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
