internal import Foundation

/// Where things are: the tests also run in a virtual machine that has only the repository's path.
public enum Repository {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    public static let build = root.appending(path: ".build").path
    public static let tests = root.appending(path: "Tests").path
    /// Tests/connector, built by `make connector`.
    public static let connector = root.appending(path: ".build/connector").path
    /// Tests/connector/talker.c, built with it.
    public static let talker = root.appending(path: ".build/talker").path
    /// Tests/connector/hang.c, built with it.
    public static let hang = root.appending(path: ".build/hang").path
    /// The debug build, as it stands beside the test program.
    public static let mailsnoop = root.appending(path: ".build/debug/mailsnoop").path
}

/// A program that a test starts; sent SIGTERM when it is forgotten.
public final class Child {
    public struct Result {
        /// The signal's negative number where a signal ended it.
        public let status: Int32
        public let output: [UInt8]
        public let errors: String

        public var text: String { String(decoding: output, as: UTF8.self) }
        /// CRLF is one Character.
        public var lines: [String] { text.split(whereSeparator: \.isNewline).map(String.init) }
    }

    private let process = Foundation.Process()
    private let input = Pipe()
    private let output = Pipe()
    private let errors = Pipe()

    /// - Parameter command: a program by path or name, and its arguments.
    public init(_ command: [String], directory: String = "/") throws {
        let isPath = command[0].hasPrefix("/")
        process.executableURL = URL(filePath: isPath ? command[0] : "/usr/bin/env")
        process.arguments = Array(isPath ? command.dropFirst() : command[...])
        process.currentDirectoryURL = URL(filePath: directory)
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

    public var pid: UInt32 { UInt32(process.processIdentifier) }
    public var isRunning: Bool { process.isRunning }

    public func kill(_ signal: Int32) { Glibc.kill(process.processIdentifier, signal) }

    /// The next line that it prints, without the line end; empty when it has ended.
    public func line() -> String {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Closes the reading end of its output.
    public func stopReading() { try? output.fileHandleForReading.close() }

    /// Gives it input: no more than a pipe takes.
    public func write(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    /// Closes its input behind what it is given at the end, waits for its end, and returns the rest of what it said.
    ///
    /// - Parameter input: no more than a pipe takes.
    @discardableResult
    public func end(input text: String = "") -> Result {
        if !text.isEmpty { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
        try? input.fileHandleForWriting.close()
        let bytes = (try? output.fileHandleForReading.readToEnd()) ?? nil
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Result(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: Array(bytes ?? Data()), errors: said)
    }
}

/// Runs a shell script to its end.
@discardableResult
public func shell(_ script: String) throws -> Child.Result { try Child(["bash", "-uc", script]).end() }
