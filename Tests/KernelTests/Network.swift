import Foundation
import TestSupport
import Testing

/// Runs the connector to its end. Returns its pid and its output.
@discardableResult
func connector(_ arguments: String...) throws -> (pid: UInt32, output: String) {
    let child = try Child([Repository.connector] + arguments)
    return (child.pid, child.end().text)
}

/// Runs a shell script that has to succeed. Returns its output.
@discardableResult
func require(_ script: String) throws -> String {
    let result = try shell("set -e; " + script)
    try #require(result.status == 0, "\(script): \(result.errors)")
    return result.text
}

/// A listener of the connector's, on a port that the kernel chose. Ends when it goes.
struct Listener: ~Copyable {
    let port: UInt16
    private let child: Child

    init(_ arguments: String..., address: String = "127.0.0.1") throws {
        let child = try Child([Repository.connector, "listen"] + arguments + [address, "0"])
        port = try #require(child.line().split(separator: " ").last.flatMap { UInt16($0) })
        self.child = child
    }

    deinit { child.end() }
}

/// Two network namespaces, a client's and a router's, joined by a veth pair. The router says that 198.51.100.0/24 is
/// unreachable, drops what goes to 203.0.113.0/24, and itself is 192.0.2.1 and 2001:db8::1. Gone when it goes.
struct Network: ~Copyable {
    let client: String
    let router: String

    init() throws {
        let name = "mailsnoop\(UInt32.random(in: 0..<1 << 24))"
        let client = name + "c"
        let router = name + "r"
        try require(
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

    deinit { _ = try? require("ip netns delete \(client); ip netns delete \(router)") }

    /// Inode of the client's namespace.
    var inode: UInt32? {
        get throws { UInt32(try require("stat -Lc %i /run/netns/\(client)").trimmingCharacters(in: .newlines)) }
    }

    /// Starts the connector in the client's namespace.
    func connector(_ arguments: String...) throws -> Child {
        try Child(["ip", "netns", "exec", client, Repository.connector] + arguments)
    }
}
