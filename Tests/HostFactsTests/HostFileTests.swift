import Foundation
import MailWatch
import Testing

@testable import HostFacts

/// Whether a file is the host's own at its path.
struct HostFileTests {
    private func status(_ path: String) throws -> stat {
        var status = stat()
        try #require(unsafe lstat(path, &status) == 0)
        return status
    }

    private func files(_ path: String) -> [HostFile] { HostFile.all(at: Array(path.utf8)) }

    @Test func programOfTheSystemIsRoots() throws {
        let file = try #require(files("/usr/bin/env").first)
        let status = try status("/usr/bin/env")
        #expect(file.inode == status.st_ino)
        #expect(file.owner == 0)
        #expect(file.group == nil)
        #expect(HostFile.standing(of: Array("/usr/bin/env".utf8), like: status) == .own(owner: 0))
        #expect(HostFile.standing(of: Array("/usr/bin/cat".utf8), like: status) == .foreign)
    }

    @Test(arguments: [
        "", "/", "usr/bin/env", "/usr/bin", "/usr/bin/no-such-file", "/usr/bin/env/x", "/dev/null",
        "/usr/bin/../bin/env",
        // A symbolic link leads where somebody wants it to.
        "/proc/self/exe", "/usr/bin/env\0", "/proc/self/root/usr/bin/env",
    ])
    func whatIsNoFileByItsOwnPathIsNone(path: String) {
        // `..` is a folder like any other, and leads to the same file.
        #expect(files(path).isEmpty || path.contains(".."))
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func ownersOfAllFoldersCount() throws {
        let base = "/usr/lib/mailsnoop-\(UUID())"
        let folder = base + "/a"
        let path = folder + "/program"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: base) }
        try Data("x".utf8).write(to: URL(filePath: path))
        func owner(_ folderOwner: Int, _ folderMode: Int, _ fileOwner: Int, _ fileMode: Int) throws -> UInt32? {
            for (path, owner, mode) in [(folder, folderOwner, folderMode), (path, fileOwner, fileMode)] {
                try FileManager.default.setAttributes(
                    [.ownerAccountID: owner, .groupOwnerAccountID: 0, .posixPermissions: mode], ofItemAtPath: path)
            }
            return try #require(files(path).first).owner
        }
        #expect(try owner(0, 0o755, 0, 0o755) == 0)
        #expect(try owner(0, 0o755, 4211, 0o755) == 4211)
        #expect(try owner(4211, 0o755, 0, 0o755) == 4211)
        #expect(try owner(4211, 0o755, 4211, 0o700) == 4211)
        #expect(try owner(4211, 0o755, 4213, 0o755) == nil)
        #expect(try owner(0, 0o1777, 0, 0o755) == nil)
        #expect(try owner(0, 0o775, 0, 0o755) == nil)
        #expect(try owner(0, 0o755, 0, 0o757) == nil)
        #expect(try owner(0, 0o755, 0, 0o775) == nil)
        // Another file at its place, and a link to it.
        let status = try status(path)
        try FileManager.default.moveItem(atPath: path, toPath: base + "/other")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: base + "/other")
        #expect(HostFile.standing(of: Array(path.utf8), like: status) == .foreign)
    }
}
