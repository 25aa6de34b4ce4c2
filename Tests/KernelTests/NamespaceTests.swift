import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    @Suite struct NamespaceTests {
        private let port: UInt16 = 10_037

        @Test func aConnectInANamespaceIsSeenWithItsInode() throws {
            let network = try Network()
            var trace = try LiveTrace(port: port)
            try network.connector("once", "192.0.2.1", "\(port)").end()
            let connection = try #require(trace.ended(1).first)
            #expect(connection.process.description.networkNamespace == (try network.inode))
            #expect(connection.state == .refused)
            #expect(connection.source.address == IPAddress("192.0.2.2"))
        }

        @Test func anIPv6ConnectInANamespaceIsSeen() throws {
            let network = try Network()
            var trace = try LiveTrace(port: port)
            try network.connector("once", "2001:db8::1", "\(port)").end()
            #expect(trace.ended(1).first?.destination.description == "[2001:db8::1]:\(port)")
        }

        @Test func nobodyAnswers() throws {
            let network = try Network()
            var trace = try LiveTrace(port: port)
            try network.connector("once", "203.0.113.5", "\(port)").end()
            let connection = try #require(trace.ended(1).first)
            #expect(connection.state == .timedOut)
            #expect(connection.error == ETIMEDOUT)
        }

        @Test func aRouterSaysUnreachable() throws {
            let network = try Network()
            var trace = try LiveTrace(port: port)
            try network.connector("once", "198.51.100.5", "\(port)").end()
            let connection = try #require(trace.ended(1).first)
            #expect(connection.state == .unreachable)
            #expect(connection.error == EHOSTUNREACH)
        }

        /// A thread of the kernel opens it, once the connection is there.
        @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/sys/net/mptcp")))
        func aSubflowThatJoinsIsNoConnect() throws {
            let network = try Network()
            try require(
                """
                ip -n \(network.client) address add 192.0.2.3/24 dev eth0
                ip -n \(network.client) mptcp limits set subflow 2
                ip -n \(network.client) mptcp endpoint add 192.0.2.3 dev eth0 subflow
                ip -n \(network.router) mptcp limits set subflow 2 add_addr_accepted 2
                """)
            var trace = try LiveTrace(port: port)
            let server = try Child(
                ["ip", "netns", "exec", network.router, Repository.connector, "listen", "--mptcp", "--echo", "1009"]
                    + ["192.0.2.1", "\(port)"])
            _ = server.line()
            let client = try network.connector(
                "once", "--mptcp", "--send", "abcdef", "--hold", "30000", "192.0.2.1", "\(port)")
            try require(
                """
                joined() {
                    ip netns exec \(network.client) awk '
                        /^MPTcpExt: MP/ { for (i = 2; i <= NF; i++) name[i] = $i }
                        /^MPTcpExt: [0-9]/ { for (i = 2; i <= NF; i++) if (name[i] == "MPJoinSynAckRx") n = $i }
                        END { exit n < 1 }' /proc/net/netstat
                }
                until joined; do ((SECONDS < 20)); done
                """)
            client.kill(SIGTERM)
            client.end()
            server.end()
            #expect(trace.ended(1).map(\.process.description.comm) == [Array("connector".utf8)])
            #expect(trace.seen(1) == 1)
        }

        @Test func killedInMidConnectIsAborted() throws {
            let network = try Network()
            var trace = try LiveTrace(port: port)
            let child = try network.connector("once", "203.0.113.7", "\(port)")
            let connecting = try trace.open(.connecting)
            child.kill(SIGKILL)
            child.end()
            let connections = trace.ended(1)
            #expect(connections.map(\.id) == [connecting.id])
            #expect(connections.first?.state == .aborted)
            #expect(connections.first?.process.description.pid == child.pid)
        }
    }
}
