import Foundation
import Testing

/// Where things are: the tests also run in a virtual machine that has only the repository's path.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// Tests/connector, built by `make connector`.
    static let connector = root.appending(path: ".build/connector").path
}

/// A program that a test starts.
final class Child {
    private let process = Foundation.Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ program: String, _ arguments: [String], directory: String = "/") throws {
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
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

    var pid: UInt32 { UInt32(process.processIdentifier) }
    var isRunning: Bool { process.isRunning }

    func kill(_ signal: Int32) { Glibc.kill(process.processIdentifier, signal) }

    /// The next line that it prints, without the line end.
    func line() -> String {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Closes its input and waits for its end. Returns its exit status and the rest of its output.
    @discardableResult
    func end() -> (status: Int32, output: String) {
        try? input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}

/// Runs the connector to its end. Returns its pid and its output.
@discardableResult
func connector(_ arguments: String...) throws -> (pid: UInt32, output: String) {
    let child = try Child(Repository.connector, arguments)
    return (child.pid, child.end().output)
}

/// Runs a shell script that has to succeed. Returns its output.
@discardableResult
func shell(_ script: String) throws -> String {
    let child = try Child("/bin/bash", ["-euc", script])
    let (status, output) = child.end()
    try #require(status == 0, "\(script)")
    return output
}

/// A listener of the connector's, on a port that the kernel chose. Ends when it goes.
struct Listener: ~Copyable {
    let port: UInt16
    private let child: Child

    init(_ arguments: String..., address: String = "127.0.0.1") throws {
        let child = try Child(Repository.connector, ["listen"] + arguments + [address, "0"])
        port = try #require(child.line().split(separator: " ").last.flatMap { UInt16($0) })
        self.child = child
    }

    deinit { child.end() }
}

/// Two network namespaces, a client's and a router's, joined by a veth pair. The router says that 198.51.100.0/24 is
/// unreachable, drops what goes to 203.0.113.0/24, and itself is 192.0.2.1 and 2001:db8::1. Gone when it goes.
struct Network: ~Copyable {
    let client: String
    private let router: String

    init() throws {
        let name = "mailsnoop\(UInt32.random(in: 0..<1 << 24))"
        let client = name + "c"
        let router = name + "r"
        try shell(
            """
            ip netns add \(client); ip netns add \(router)
            ip -n \(client) link add eth0 type veth peer name eth0 netns \(router)
            for n in \(client) \(router); do ip -n $n link set lo up; ip -n $n link set eth0 up; done
            ip -n \(client) address add 192.0.2.2/24 dev eth0
            ip -n \(router) address add 192.0.2.1/24 dev eth0
            ip -n \(client) address add 2001:db8::2/64 dev eth0 nodad
            ip -n \(router) address add 2001:db8::1/64 dev eth0 nodad
            ip -n \(client) route add default via 192.0.2.1
            ip netns exec \(router) bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
            ip -n \(router) route add unreachable 198.51.100.0/24
            ip -n \(router) route add blackhole 203.0.113.0/24
            ip netns exec \(client) bash -c 'echo 1 >/proc/sys/net/ipv4/tcp_syn_retries'
            """)
        self.client = client
        self.router = router
    }

    deinit { _ = try? shell("ip netns delete \(client); ip netns delete \(router)") }

    /// Inode of the client's namespace.
    var inode: UInt32? {
        get throws { UInt32(try shell("stat -Lc %i /run/netns/\(client)").trimmingCharacters(in: .newlines)) }
    }

    /// Starts the connector in the client's namespace.
    func connector(_ arguments: String...) throws -> Child {
        try Child("/usr/bin/env", ["ip", "netns", "exec", client, Repository.connector] + arguments)
    }
}
