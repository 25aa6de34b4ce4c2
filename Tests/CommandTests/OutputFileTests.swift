import Foundation
import Glibc
import TestSupport
import Testing

@testable import mailsnoop

/// The one function that makes files for outputs. Needs no root.
@Suite(.timeLimit(.minutes(10)))
final class OutputFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID())").path
    private var path: String { folder + "/out" }

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static let all: [OutputFile.Existing] = [.refuse, .replace, .append]

    /// Opens, writes a line, and gives the error instead where there is one.
    private func write(_ existing: OutputFile.Existing) -> String? {
        do {
            let file = try OutputFile.open(path, existing: existing)
            // Writes the whole array.
            _ = unsafe Glibc.write(file, Array("new\n".utf8), 4)
            close(file)
            return nil
        } catch {
            #expect((error as? Failure)?.exitStatus == EX_CANTCREAT)
            return (error as? Failure)?.description
        }
    }

    private var text: String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private var mode: Int? {
        get throws { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int }
    }

    @Test(arguments: all) func aNewFileIsItsOwnersOnly(existing: OutputFile.Existing) throws {
        #expect(write(existing) == nil)
        #expect(try text == "new\n" && mode == 0o600)
    }

    @Test func aFileThatExistsIsRefusedReplacedOrContinued() throws {
        try Data("a longer old text\n".utf8).write(to: URL(filePath: path))
        #expect(unsafe chmod(path, 0o644) == 0)
        #expect(
            write(.refuse)?.contains("exists. Choose another file with --output, or replace it with --force") == true)
        #expect(try text == "a longer old text\n" && mode == 0o644)
        #expect(write(.append) == nil)
        #expect(try text == "a longer old text\nnew\n" && mode == 0o600)
        #expect(write(.replace) == nil)
        #expect(text == "new\n")
    }

    @Test(arguments: all) func aLinkIsNotFollowed(existing: OutputFile.Existing) throws {
        for target in ["/target", "/missing"] {
            try? FileManager.default.removeItem(atPath: path)
            try Data("kept".utf8).write(to: URL(filePath: folder + "/target"))
            #expect(unsafe symlink(folder + target, path) == 0)
            #expect(write(existing)?.contains("is a symbolic link") == true)
            #expect(try String(contentsOfFile: folder + "/target", encoding: .utf8) == "kept")
            #expect(!FileManager.default.fileExists(atPath: folder + "/missing"))
        }
    }

    @Test(arguments: all) func aPipeNeedsAReader(existing: OutputFile.Existing) throws {
        #expect(unsafe mkfifo(path, 0o644) == 0)
        #expect(write(existing)?.contains("no program reads from the pipe") == true)
        let reader = unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        #expect(write(existing) == nil)
        var bytes = [UInt8](repeating: 0, count: 16)
        // Reads at most what the array holds.
        #expect(unsafe read(reader, &bytes, bytes.count) == 4)
    }

    @Test(arguments: [OutputFile.Existing.refuse, .replace, .append])
    func theNullDeviceIsAnOutput(existing: OutputFile.Existing) throws {
        let file = try OutputFile.open("/dev/null", existing: existing)
        #expect(unsafe Glibc.write(file, Array("new\n".utf8), 4) == 4)
        close(file)
    }

    @Test(arguments: ["/dev/full", "/"])
    func whatIsNoFileIsRefused(path: String) {
        #expect(throws: Failure.self) { try OutputFile.open(path, existing: .append) }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`"))
    func aFileOfAnotherUserIsRefused() throws {
        try Data("kept".utf8).write(to: URL(filePath: path))
        #expect(unsafe chown(path, 65_534, 0) == 0)
        for existing in [OutputFile.Existing.replace, .append] {
            #expect(write(existing)?.contains("belongs to another user (uid 65534)") == true)
        }
        #expect(text == "kept")
    }

    /// `--output >(gzip >trace.gz)`
    @Test func aDescriptorOfTheShellIsTaken() throws {
        let target = unsafe Glibc.open(path, O_WRONLY | O_CREAT, 0o600)
        defer { close(target) }
        let file = try OutputFile.open("/dev/fd/\(target)", existing: .refuse)
        #expect(unsafe Glibc.write(file, Array("new\n".utf8), 4) == 4)
        close(file)
        #expect(text == "new\n")
    }

    @Test func aRotatedLogThatBecameALinkIsSaidAndGoesOn() throws {
        let log = try LogFile(path: path)
        try FileManager.default.removeItem(atPath: path)
        #expect(unsafe symlink("/dev/null", path) == 0)
        log.follow()
        try FileManager.default.removeItem(atPath: path)
        log.follow()
        log.output.write(Array("new\n".utf8), rows: 1)
        let end = Date(timeIntervalSinceNow: 20)
        while !log.output.isIdle, Date() < end { usleep(1000) }
        #expect(text == "new\n")
    }
}
