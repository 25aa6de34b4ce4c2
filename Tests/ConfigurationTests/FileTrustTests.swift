import Foundation
import Testing

@testable import Configuration

/// Who can change a configuration decides whom it trusts.
@Suite struct FileTrustTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID())").path

    /// A file in two folders of the caller's; removed by `body`'s end.
    private func place(_ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: folder + "/a/b", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // Whatever the umask is.
        for path in ["", "/a", "/a/b"] { #expect(unsafe chmod(folder + path, 0o755) == 0) }
        let path = folder + "/a/b/mailsnoop.toml"
        try Data("ports = [26]".utf8).write(to: URL(filePath: path))
        #expect(unsafe chmod(path, 0o644) == 0)
        try body(path)
    }

    private func isRead(_ path: String) throws -> Bool { try Configuration(path: path) != nil }

    @Test(
        arguments: [
            ("/a/b/mailsnoop.toml", 0o646), ("/a/b/mailsnoop.toml", 0o664), ("/a/b", 0o757), ("/a", 0o775), ("", 0o777),
        ] as [(String, mode_t)])
    func whatOthersCanWriteIsRefused(at part: String, mode: mode_t) throws {
        try place { (path) throws in
            #expect(try isRead(path))
            #expect(unsafe chmod(folder + part, mode) == 0)
            let error = #expect(throws: ConfigurationError.self) { try Configuration(path: path) }
            #expect(error?.description.contains("can be written by others (mode \(String(mode, radix: 8)))") == true)
            // Others cannot replace what is not theirs.
            guard part != "/a/b/mailsnoop.toml" else { return }
            #expect(unsafe chmod(folder + part, mode | 0o1000) == 0)
            #expect(try isRead(path))
        }
    }

    @Test(
        .enabled(if: geteuid() == 0, "needs root: run `sudo make test`"),
        arguments: ["/a/b/mailsnoop.toml", "/a/b", "/a"])
    func whatBelongsToAnotherUserIsRefused(part: String) throws {
        try place { (path) throws in
            #expect(unsafe chown(folder + part, 65_534, 0) == 0)
            let error = #expect(throws: ConfigurationError.self) { try Configuration(path: path) }
            #expect(error?.description.contains("belongs to another user (uid 65534)") == true)
        }
    }

    /// A link leads through folders of its own.
    @Test func theWayOfALinkCounts() throws {
        try place { (path) throws in
            let link = folder + "/link.toml"
            #expect(unsafe symlink("a/./b/../b/mailsnoop.toml", link) == 0)
            #expect(try isRead(link))
            #expect(unsafe chmod(folder + "/a", 0o777) == 0)
            #expect(throws: ConfigurationError.self) { try Configuration(path: link) }
            #expect(unsafe chmod(folder + "/a", 0o755) == 0 && chmod(folder, 0o777) == 0)
            #expect(throws: ConfigurationError.self) { try Configuration(path: link) }
            let loop = folder + "/loop"
            #expect(unsafe symlink("loop", loop) == 0 && chmod(folder, 0o755) == 0)
            #expect(throws: ConfigurationError.self) { try Configuration(path: loop) }
        }
    }

    @Test func onlyFilesAreRead() throws {
        try place { (path) throws in
            #expect(unsafe unlink(path) == 0 && mkfifo(path, 0o600) == 0)
            #expect(throws: ConfigurationError.self) { try Configuration(path: path) }
            #expect(try isRead("/dev/null"))
        }
    }
}
