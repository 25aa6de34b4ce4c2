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
        "", "/", "usr/bin/env", "/usr/bin", "/usr/bin/no-such-file", "/usr/bin/env/x", "/dev/null", "/usr/bin/../bin/env",
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
        func owner(_ folderOwner: UInt32, _ folderMode: mode_t, _ fileOwner: UInt32, _ fileMode: mode_t) throws -> UInt32? {
            try #require(chown(folder, folderOwner, 0) == 0 && chmod(folder, folderMode) == 0)
            try #require(chown(path, fileOwner, 0) == 0 && chmod(path, fileMode) == 0)
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
        try #require(rename(path, base + "/other") == 0 && symlink(base + "/other", path) == 0)
        #expect(HostFile.standing(of: Array(path.utf8), like: status) == .foreign)
    }
}
