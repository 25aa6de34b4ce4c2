import Foundation
import Testing

/// The built program, run as a user runs it.
enum Mailsnoop {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// Beside the test bundle.
    static let path = root.appending(path: ".build/debug/mailsnoop").path
    static let connector = root.appending(path: ".build/connector").path

    struct Result {
        let status: Int32
        let output: [UInt8]
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
        /// CRLF is one Character.
        var lines: [String] { text.split(whereSeparator: \.isNewline).map(String.init) }
    }

    /// Runs it to its end; `user` runs it without any capability.
    static func run(_ arguments: String..., user: String? = nil) throws -> Result {
        let command = user.map { ["setpriv", "--reuid", $0, "--clear-groups", path] } ?? [path]
        return try Session(command + arguments).end()
    }
}

/// A program under way.
final class Session {
    private let process = Foundation.Process()
    /// Nothing is written to it; it ends with the session.
    private let input = Pipe()
    private let output = Pipe()
    private let errors = Pipe()

    init(_ command: [String]) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        // A task's thread has most signals blocked, and a child would inherit that.
        var none = sigset_t()
        var before = sigset_t()
        // All three are whole signal sets.
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    func kill(_ signal: Int32) { Glibc.kill(process.processIdentifier, signal) }

    /// The next line of its output; empty when it has ended.
    func line() -> String {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Closes the reading end of its output.
    func stopReading() { try? output.fileHandleForReading.close() }

    func end() throws -> Mailsnoop.Result {
        let bytes = (try? output.fileHandleForReading.readToEnd()) ?? nil
        let errors = String(decoding: self.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Mailsnoop.Result(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: Array(bytes ?? Data()), errors: errors)
    }
}

/// Runs a shell script to its end and returns its output.
@discardableResult
func shell(_ script: String) throws -> String { try Session(["bash", "-c", script]).end().text }
