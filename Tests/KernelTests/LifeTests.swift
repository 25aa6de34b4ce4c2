import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    @Suite struct LifeTests {
        private let port: UInt16 = 10_009

        @Test func theFirstHookThatAttachesIsTaken() throws {
            let chosen = try Probe.attach(ports: PortSet([port])).hook
            for hook in Hook.ladder.prefix(while: { $0 != chosen }) {
                #expect(throws: ProbeError.self) { _ = try Probe.attach(ports: PortSet([port]), hook: hook) }
            }
            #expect(try Probe.attach(ports: PortSet([port]), hook: chosen).hook == chosen)
        }

        @Test func aRefusedConnectIsTold() throws {
            var trace = try LiveTrace(port: port)
            try connector("once", "127.77.1.1", "\(port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.state == .refused)
            #expect(connection.error == ECONNREFUSED)
            #expect(connection.establishedTime == nil)
            #expect(connection.duration ?? 0 > 0)
        }

        @Test func anOrderlyConnectionHasItsTimesAndBytes() throws {
            let listener = try Listener("--reply", "220 mail.example ESMTP\\r\\n", "--count", "1")
            var trace = try LiveTrace(port: listener.port)
            try connector("once", "--send", "EHLO mail.com\r\n", "--receive", "127.0.0.1", "\(listener.port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.state == .closed)
            #expect(connection.error == 0)
            #expect(connection.bytesSent == 15)
            #expect(connection.bytesReceived == 24)
            let established = try #require(connection.establishedTime)
            #expect(connection.connectTime < established)
            #expect(established < connection.endTime!)
        }

        @Test func aConnectionIsOpenUntilItEnds() throws {
            let listener = try Listener("--echo", "1")
            var trace = try LiveTrace(port: listener.port)
            let child = try Child([Repository.connector, "once", "--hold", "60000", "127.0.0.1", "\(listener.port)"])
            let connection = try trace.open(.open)
            #expect(connection.process.description.pid == child.pid)
            #expect(connection.source.port > 0)
            #expect(trace.probe.followedConnections().contains(connection.id))
            child.kill(SIGKILL)
            child.end()
            #expect(trace.ended(1).first?.id == connection.id)
            #expect(!trace.probe.followedConnections().contains(connection.id))
        }

        @Test func aResetIsTold() throws {
            let listener = try Listener("--reset", "--count", "1")
            var trace = try LiveTrace(port: listener.port)
            try connector("once", "--send", "x", "--receive", "127.0.0.1", "\(listener.port)")
            #expect(trace.ended(1).first?.state == .reset)
        }

        @Test func anIPv6ConnectIsTold() throws {
            var trace = try LiveTrace(port: port)
            try connector("once", "::1", "\(port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.destination.description == "[::1]:\(port)")
            #expect(connection.source.address == IPAddress("::1"))
            #expect(connection.state == .refused)
        }

        @Test func aMappedAddressIsShownAsIPv4() throws {
            var trace = try LiveTrace(port: port)
            try connector("once", "--mapped", "127.77.1.2", "\(port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.destination.description == "127.77.1.2:\(port)")
            #expect(connection.source.address == IPAddress("127.0.0.1"))
        }

        @Test func aNonblockingConnectThatExitsAtOnceIsTold() throws {
            var trace = try LiveTrace(port: port)
            let (pid, _) = try connector("once", "--nonblock", "127.77.1.3", "\(port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.process.description.pid == pid)
            #expect(connection.state == .refused)
        }

        @Test func aBoundSourcePortIsTold() throws {
            var trace = try LiveTrace(port: port)
            try connector("once", "--bind", "34567", "127.77.1.4", "\(port)")
            #expect(trace.ended(1).first?.source.port == 34567)
        }

        @Test func tcpFastOpenIsSeen() throws {
            let listener = try Listener("--count", "1")
            var trace = try LiveTrace(port: listener.port)
            try connector("once", "--tfo", "127.0.0.1", "\(listener.port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.establishedTime != nil)
            #expect(connection.bytesSent == 8)
        }

        @Test func aSocketThatConnectsAgainIsAnotherConnection() throws {
            let listener = try Listener("--count", "3")
            var trace = try LiveTrace(port: listener.port)
            try connector("reuse", "--repeat", "3", "127.0.0.1", "\(listener.port)")
            let connections = trace.ended(3)
            #expect(connections.count == 3)
            #expect(Set(connections.map(\.id)).count == 3)
            #expect(Set(connections.map(\.cookie)).count == 1)
        }

        @Test func otherPortsAreNotSeen() throws {
            var trace = try LiveTrace(port: port)
            try connector("once", "127.77.1.5", "\(port + 1)")
            try connector("once", "127.77.1.5", "\(port)")
            #expect(trace.ended(1).map(\.destination.port) == [port])
        }

        @Test func whatDoesNotFitIsToldAndCounted() throws {
            let listener = try Listener("--echo", "1")
            var trace = try LiveTrace(port: listener.port, followLimit: 7)
            var children: [Child] = []
            for count in 1...11 {
                children.append(
                    try Child([Repository.connector, "once", "--hold", "60000", "127.0.0.1", "\(listener.port)"]))
                // One after the other: of programs at once on a CPU, a preemptible kernel may skip one.
                try #require(trace.seen(count) == count)
            }
            let unfollowed = trace.ended(4)
            #expect(unfollowed.map(\.state) == [.unknown, .unknown, .unknown, .unknown])
            #expect(trace.probe.losses().unfollowed == 4)
            for child in children {
                child.kill(SIGKILL)
                child.end()
            }
            #expect(trace.ended(11).count == 11)
            #expect(trace.probe.followedConnections().isEmpty)
        }
    }
}
