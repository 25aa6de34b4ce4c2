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
