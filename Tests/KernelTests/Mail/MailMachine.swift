import Foundation
import TestSupport
import Testing

/// A machine of Tests/mail/machine, joined to a mail server's. It goes with the last of what a test has started on it.
final class MailMachine {
    static let server = "192.0.2.25"
    private static let clients = "\(Repository.tests)/mail/clients"

    private let child: Child

    /// - Parameter package: what is installed on it, of those that `make mail` unpacks; or "none".
    init(package: String = "none") throws {
        let files = "\(Repository.build)/mail/\(package)"
        if package != "none", !FileManager.default.fileExists(atPath: files) {
            let reason = try? String(contentsOfFile: files + ".missing", encoding: .utf8)
            try Test.cancel("\(package) cannot be fetched: \(reason ?? "run `make mail`")")
        }
        let child = try Child(["\(Repository.tests)/mail/machine", package, "bash", "-c", "echo ready; exec cat"])
        if child.line() != "ready" { Issue.record("\(child.end().errors)") }
        self.child = child
    }

    deinit { child.end() }

    /// Inode of its network namespace, by which its own connections are known.
    var network: Int {
        get throws { try #require(Int(require("stat -Lc %i /proc/\(child.pid)/ns/net").dropLast())) }
    }

    /// What it calls `path`, as it is called outside.
    func outside(_ path: String) -> String { "/proc/\(child.pid)/root\(path)" }

    /// Files on it can be read by everybody.
    func write(_ text: String, to path: String) throws {
        let url = URL(filePath: outside(path))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func start(_ command: [String]) throws -> Child {
        try Child(["nsenter", "--target", "\(child.pid)", "--mount", "--net", "--"] + command)
    }

    /// As the user of a web server's scripts.
    func startAsWebUser(_ command: [String]) throws -> Child {
        try start(["setpriv", "--reuid", "www-data", "--regid", "www-data", "--clear-groups"] + command)
    }

    /// Has a client of Tests/mail/clients deliver to the server.
    ///
    /// - Parameter settings: MAIL_… variables.
    func startClient(
        _ name: String, to sink: MailSink, settings: [String] = [], sender: String = "news@client.example",
        recipients: [String] = ["anna@iol.example", "bruno@iol.example"]
    ) throws -> Child {
        try start(["env"] + settings + [Self.clients, name, "\(sink.port)", sink.log, sender] + recipients)
    }
}

/// Tests/mail/sink.py, on the mail server's machine or on this one.
final class MailSink {
    let port: Int
    /// Its log, as the machine calls it.
    let log: String
    private let child: Child
    private let file: JSONFile

    init(
        _ machine: MailMachine, port: Int, address: String = MailMachine.server, isRemote: Bool = true,
        _ options: [String] = []
    ) throws {
        self.port = port
        log = "/tmp/sink-\(port)-\(address)"
        try machine.write("", to: log)
        child = try machine.start(
            (isRemote ? ["ip", "netns", "exec", "server"] : [])
                + ["/usr/bin/python3", "\(Repository.tests)/mail/sink.py", address, "\(port)", log] + options)
        if child.line() != "listening" { Issue.record("\(child.end().errors)") }
        file = try JSONFile(machine.outside(log))
    }

    deinit { child.end() }

    /// Waits for so many sessions, and returns all that there are.
    func sessions(_ count: Int) throws -> [JSON] { try file.lines(count) }
}
