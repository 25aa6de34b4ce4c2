import Foundation
import TestSupport
import Testing

/// `mailsnoop trace` on a mail machine, as its administrator would run it. Only that machine's connections are told here.
final class MailTrace {
    /// Where it writes, as it is called outside.
    let output: String
    private let child: Child

    init(_ machine: MailMachine, format: String = "json", options: [String] = []) throws {
        let path = "/tmp/trace-\(UUID().uuidString)"
        output = machine.outside(path)
        child = try machine.start(
            [
                Repository.mailsnoop, "trace", "--no-dns", "--format", format, "--output", path,
            ] + options)
        // It makes its file when it traces.
        let output = output
        let child = child
        wait { FileManager.default.fileExists(atPath: output) || !child.isRunning }
        if !FileManager.default.fileExists(atPath: output) { Issue.record("\(child.end().errors)") }
    }

    /// nsenter has become mailsnoop.
    var pid: UInt32 { child.pid }

    /// The rows of a machine's connections, where the format is JSON.
    func rows(of machine: MailMachine) throws -> JSONFile {
        let network = try machine.network
        return try JSONFile(output) { $0["mailsnoop", "process", "network_namespace"].number == network }
    }

    /// Ends it. It must have lost nothing.
    func end() throws {
        child.kill(SIGINT)
        let result = child.end()
        #expect(result.status == 0)
        // Warnings and losses come on stderr, and with CSV the summary.
        #expect(result.errors.isEmpty || result.errors.contains("lost: nothing"), "\(result.errors)")
    }
}

extension JSON {
    /// Of a row.
    var verdict: String { self["mailsnoop", "verdict"].string }
    var reasons: [String] { self["mailsnoop", "reasons"].elements.map { $0["code"].string } }
}
