import MailWatch
import Testing

struct LedgerTests {
    private var tracker = Tracker { _ in Placement() }
    private var ledger = Ledger(limit: 3)

    private mutating func note(_ events: KernelEvent...) {
        for event in events { if let change = tracker.handle(event) { ledger.note(change) } }
    }

    /// A connect by a program of its own.
    private mutating func connect(
        _ connection: UInt64, program: String, uid: UInt32 = 33, identity: UInt64? = nil,
        to destination: String = "192.0.2.25"
    ) {
        var process = ProcessDescription.sample
        process.exe = Array(program.utf8)
        process.uid = uid
        note(
            .connect(connection, identity: identity ?? connection, description: process, to: destination))
    }

    private var programs: [String] { ledger.busiest(.max).map { String(decoding: $0.program, as: UTF8.self) } }

    @Test mutating func senderIsSummed() throws {
        note(.connect(2), .established(2), .closed(2))
        note(.connect(3, description: nil), .closed(3, established: false, error: 111))
        note(.connect(5, description: nil), .established(5))
        let sender = try #require(ledger.busiest(1).first)
        #expect(sender.connects == 3)
        #expect(sender.failed == 1)
        #expect(ledger.connects == 3)
        #expect(ledger.senderCount == 1)
    }

    @Test mutating func sameProgramOfAnotherUserIsAnotherSender() {
        connect(2, program: "/usr/bin/php", uid: 33)
        connect(3, program: "/usr/bin/php", uid: 34)
        connect(5, program: "/usr/bin/php", uid: 33)
        #expect(ledger.senderCount == 2)
        #expect(ledger.busiest(.max).map(\.connects) == [2, 1])
    }

    @Test func sameNumberInAnotherContainerIsAnotherSender() {
        var ledger = Ledger()
        for (id, container) in zip([2, 3, 5, 7] as [UInt64], [nil, "web1", "web2", "web1"]) {
            var tracker = Tracker { _ in Placement(container: container) }
            if let change = tracker.handle(.connect(id)) { ledger.note(change) }
        }
        #expect(ledger.busiest(.max).map(\.user).sorted() == ["33", "33@web1", "33@web2"])
    }

    @Test mutating func sendersBeyondTheLimitAreSummedAsOthers() {
        for (id, name) in zip([2, 3, 5, 7, 11, 13] as [UInt64], ["a", "b", "c", "d", "e", "a"]) {
            connect(id, program: name)
        }
        note(.established(7), .closed(11, established: false, error: 111))
        #expect(ledger.senderCount == 3)
        #expect(ledger.connects == 6)
        #expect(ledger.others == 2)
        #expect(programs == ["a", "c", "b"])
        #expect(ledger.busiest(.max).map(\.failed) == [0, 0, 0])
    }

    @Test mutating func busiestComesFirst() {
        connect(2, program: "a")
        connect(3, program: "b")
        connect(5, program: "b")
        connect(7, program: "c")
        #expect(programs == ["b", "c", "a"])
        #expect(ledger.busiest(2).map(\.connects) == [2, 1])
        #expect(ledger.busiest(2).map { String(decoding: $0.program, as: UTF8.self) } == ["b", "c"])
        #expect(ledger.busiest(0).isEmpty)
    }

    @Test mutating func destinationsAreToldApartUpToTheLimit() throws {
        for id in 1...307 as ClosedRange<UInt64> {
            connect(id, program: "a", to: "192.0.\(id / 256).\(id % 256)")
        }
        let sender = try #require(ledger.busiest(1).first)
        #expect(sender.destinations.count == SenderRecord.destinationLimit)
        #expect(sender.connects == 307)
    }

    /// 48 processes are what the short cut by process holds here: it begins anew, and the sums stay right.
    @Test mutating func manyProcessesOfOneProgramAreOneSender() throws {
        for id in 1...101 as ClosedRange<UInt64> { connect(id, program: "a") }
        for id in 1...101 as ClosedRange<UInt64> { note(.established(id)) }
        let sender = try #require(ledger.busiest(2).first)
        #expect(ledger.senderCount == 1)
        #expect(sender.connects == 101)
    }

    @Test mutating func identityThatIsDescribedLateIsItsOwnSender() {
        note(.connect(2, identity: 23, description: nil, threadName: "php"))
        connect(3, program: "/usr/bin/php8.2", identity: 23)
        #expect(programs == ["/usr/bin/php8.2", "php"])
    }

    /// A verdict may change until the end; each connection counts once.
    @Test func eachConnectionCountsWithItsLastVerdict() throws {
        let verdicts: [String: Verdict] = ["connecting": .unknown, "open": .directMX, "closed": .probe]
        var tracker = Tracker(
            place: { _ in Placement() }, judge: { Judgement(verdicts[$0.state.rawValue] ?? .unknown) })
        var ledger = Ledger(limit: 1)
        for id in [2, 3, 5] as [UInt64] {
            if let change = tracker.handle(.connect(id, description: id == 2 ? .sample : nil)) { ledger.note(change) }
        }
        #expect(ledger.verdicts == [.unknown: 3])
        for event in [KernelEvent.established(2), .established(3), .closed(3), .established(5), .closed(5)] {
            if let change = tracker.handle(event) { ledger.note(change) }
        }
        #expect(ledger.verdicts == [.directMX: 1, .probe: 2])
        #expect(ledger.busiest(1).first?.verdicts == [.directMX: 1, .probe: 2])
        // Of a sender beyond the limit.
        var other = ProcessDescription.sample
        other.uid = 34
        for event in [KernelEvent.connect(7, identity: 3, description: other), .established(7)] {
            if let change = tracker.handle(event) { ledger.note(change) }
        }
        #expect(ledger.verdicts == [.directMX: 2, .probe: 2])
        #expect(ledger.others == 1)
    }
}
