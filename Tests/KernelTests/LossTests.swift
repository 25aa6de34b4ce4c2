import Foundation
import HostFacts
import MailWatch
import TestSupport
import Testing

@testable import KernelProbe

extension KernelSuite {
    @Suite struct LossTests {
        private let port: UInt16 = 10_039
        /// Under emulation everything takes fifty times as long.
        private let isEmulated = Machine.isEmulated

        /// Nobody reads while they live: each process connects once, without waiting for the outcome, and exits.
        @Test func shortLivesAreWhole() throws {
            let count = isEmulated ? 211 : 1009
            var trace = try LiveTrace(port: port)
            let child = try Child([
                Repository.connector,
                "spawn", "--processes", "40", "--count", "\(count)", "--program", Repository.connector,
                "127.77.2.1",
                "\(port)",
            ])
            let parent = child.pid
            child.end()
            let connections = trace.ended(trace.leastSeen(of: count))
            expectWhole(connections, of: Set((0..<count).map { "id=\($0)" }), trace.probe)
            for connection in connections {
                #expect(connection.process.description.exe == Array(Repository.connector.utf8))
                #expect(connection.process.description.ancestors.contains { $0.pid == parent })
                #expect(connection.process.description.gaps == [])
                #expect(connection.arguments.count > 5)
            }
            #expect(trace.probe.losses().total == trace.probe.losses().missed)
        }

        /// One connection for each marker, and no other; less only what the kernel says that it skipped.
        private func expectWhole(_ connections: [Connection], of markers: Set<String>, _ probe: borrowing Probe) {
            let seen = Set(connections.compactMap(\.arguments.last))
            #expect(seen.count == connections.count)
            #expect(seen.isSubset(of: markers))
            let missed = probe.losses().missed
            #expect(seen.count + (probe.hook.mayBeSkipped ? Int(missed) : 0) >= markers.count)
            // It counts runs for other sockets too.
            if !Kernel.preemptsTracepoints { #expect(missed == 0) }
        }

        @Test func shortLivedShellsAreWhole() throws {
            let count = isEmulated ? 23 : 1009
            var trace = try LiveTrace(port: port)
            try require(
                """
                for i in $(seq \(count)); do bash -c '</dev/tcp/127.77.2.2/\(port)' marker=$i 2>/dev/null &
                (( i % 40 )) || wait; done; wait
                """)
            let connections = trace.ended(trace.leastSeen(of: count))
            expectWhole(connections, of: Set((1...count).map { "marker=\($0)" }), trace.probe)
            #expect(connections.allSatisfy { $0.comm == "bash" })
        }

        /// Nobody reads while a user floods the ring: the losses are his.
        @Test(arguments: [1751, 1753, 1759] as [UInt32])
        func whoFloodsIsSaid(user: UInt32) throws {
            var trace = try LiveTrace(port: port, ringSize: 4096)
            _ = try Child([
                "setpriv", "--reuid", "\(user)", "--clear-groups", Repository.connector, "once", "--repeat", "211",
                "127.77.2.7", "\(port)",
            ]).end()
            let losses = trace.probe.losses()
            trace.read()
            #expect(losses.connects + losses.ends > 0)
            #expect(losses.mainUsers.first?.uid == user)
            #expect(try #require(losses.users[user]) >= losses.connects)
            #expect(losses.description.contains("(uid \(user) "))
        }

        @Test func aStormIsSeenOrCounted() throws {
            let count = isEmulated ? 2003 : 100_003
            var trace = try LiveTrace(port: port)
            let child = try Child([
                Repository.connector, "storm", "--processes", "8", "--count", "\(count)", "127.77.2.3", "\(port)",
            ])
            // It ends by itself, and the ring is read all the while.
            while child.isRunning { trace.read() }
            child.end()
            let losses = trace.probe.losses()
            let seen = trace.ended(count - Int(losses.connects + losses.ends)).count + trace.reconcile().count
            expectSeenOrCounted(count, seen: seen, losses, trace.probe.hook)
            #expect(losses.unfollowed == 0)
            #expect(trace.tracker.open.isEmpty)
        }

        /// Each connect is seen, or counted as lost or skipped.
        private func expectSeenOrCounted(_ count: Int, seen: Int, _ losses: Losses, _ hook: Hook) {
            if hook.mayBeSkipped {
                // Runs for other connects and states are counted as well.
                #expect(UInt64(seen) + losses.connects <= UInt64(count))
                #expect(UInt64(seen) + losses.connects + losses.missed >= UInt64(count))
            } else {
                #expect(UInt64(seen) + losses.connects == UInt64(count))
                if !Kernel.preemptsTracepoints { #expect(losses.missed == 0) }
            }
        }

        @Test func aFullRingIsCounted() throws {
            var trace = try LiveTrace(port: port, ringSize: 64 << 10)
            try connector("storm", "--processes", "2", "--count", "2003", "127.77.2.4", "\(port)")
            let losses = trace.probe.losses()
            #expect(losses.connects > 0)
            trace.read()
            let seen = trace.ended(0).count + trace.reconcile().count
            expectSeenOrCounted(2003, seen: seen, losses, trace.probe.hook)
        }

        /// An end that the life hook did not see, as its port is watched no longer, is made up for when the socket goes.
        @Test func anEndThatWasSkippedIsMadeUpFor() throws {
            let listener = try Listener("--echo", "1")
            var trace = try LiveTrace(port: listener.port)
            let held = try Child([Repository.connector, "once", "--hold", "60000", "127.0.0.1", "\(listener.port)"])
            let open = try trace.open(.open)
            try trace.probe.watch(PortSet([1]))
            held.kill(SIGKILL)
            held.end()
            // The other rungs skip nothing.
            guard trace.probe.hook.programs.contains("destroy") else {
                #expect(trace.probe.followedConnections() == [open.id])
                return
            }
            #expect(trace.ended(1).map(\.id) == [open.id])
            #expect(trace.probe.followedConnections().isEmpty)
        }

        /// A description that was lost comes with the next connect, and a lost end does not leave a connection open.
        @Test func whatWasLostIsMadeUpFor() throws {
            let listener = try Listener("--echo", "1")
            var trace = try LiveTrace(port: listener.port, ringSize: 4096)
            let held = try Child([Repository.connector, "once", "--hold", "60000", "127.0.0.1", "\(listener.port)"])
            let open = try trace.open(.open)
            // Nobody reads: the ring fills up, and neither the end nor the newcomer fits.
            try connector("once", "--repeat", "97", "--reset", "127.0.0.1", "\(listener.port)")
            held.kill(SIGKILL)
            held.end()
            trace.waitUntilNotFollowed(open.id)
            #expect(trace.probe.losses().connects > 0)
            #expect(trace.probe.losses().ends > 0)
            _ = trace.reconcile()
            #expect(!trace.tracker.open.contains { $0.id == open.id })
            let before = trace.ended(0).count
            try connector("once", "127.0.0.1", "\(listener.port)", "late")
            let last = try #require(trace.ended(before + 1).last)
            #expect(last.arguments.last == "late")
            #expect(trace.tracker.open.isEmpty)
        }
    }
}
