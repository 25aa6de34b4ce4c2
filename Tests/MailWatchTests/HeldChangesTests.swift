import MailWatch
import Testing

/// What is looked up about a sender comes later than its connects.
struct HeldChangesTests {
    private static let patience: UInt64 = 3_000_000_000

    /// A script's facts that come when the test says so, by path.
    private final class Facts {
        var late: [[UInt8]: Late<ScriptFacts>] = [:]
    }

    private let facts = Facts()
    private var tracker: Tracker

    init() {
        let facts = facts
        tracker = Tracker(
            place: { process in Late(Placement(userName: process.uid.map { "user\($0)" })) },
            inspect: { path, _, _ in
                let late = facts.late[path] ?? Late { ScriptFacts(obstacle: .timedOut) }
                facts.late[path] = late
                return late
            },
            judge: { connection in
                // Whoever judges sees all.
                Judgement(connection.script?.facts?.size == nil ? .unknown : .directMX)
            })
    }

    private mutating func connect(_ id: UInt64, script: String) -> Tracker.Change? {
        var process = ProcessDescription()
        process.uid = 33
        process.pid = UInt32(id)
        process.exe = Array("/usr/bin/perl".utf8)
        process.comm = Array("perl".utf8)
        process.argv = Array("perl\0\(script)\0".utf8)
        return tracker.handle(
            .connect(
                ConnectEvent(
                    time: id, connection: id, identity: id, description: process,
                    source: Endpoint(address: IPAddress("192.0.2.1")!, port: 1),
                    destination: Endpoint(address: IPAddress("192.0.2.2")!, port: 25), thread: 1, threadName: [],
                    isFollowed: true)))
    }

    private mutating func close(_ id: UInt64) -> Tracker.Change? {
        tracker.handle(
            .closed(
                LifeEvent(
                    time: 100 + id, connection: id, establishedTime: 50, error: 0,
                    source: Endpoint(address: IPAddress("192.0.2.1")!, port: 1), cookie: 0, bytesSent: 1,
                    bytesReceived: 1)))
    }

    private func settle(_ script: String, size: UInt64) throws {
        var found = ScriptFacts()
        found.size = size
        try #require(facts.late[Array(script.utf8)]).settle(found)
    }

    @Test mutating func aConnectionWaitsForItsFactsAndNoOtherWaitsForIt() throws {
        #expect(connect(1, script: "/slow.pl") == nil)
        _ = connect(2, script: "/fast.pl")
        try settle("/fast.pl", size: 5)
        #expect(close(1) == nil)
        let first = tracker.takeSettled(at: 7, patience: Self.patience)
        #expect(first.map(\.connection.id) == [2])
        #expect(first[0].connection.judgement.verdict == .directMX)
        // Known by now: nothing waits.
        #expect(connect(3, script: "/fast.pl") != nil)
        #expect(tracker.isHolding)
        try settle("/slow.pl", size: 3)
        let then = tracker.takeSettled(at: 8, patience: Self.patience)
        #expect(then.map(\.connection.id) == [1, 1])
        #expect(then.map { $0.connection.state.hasEnded } == [false, true])
        #expect(then.allSatisfy { $0.connection.judgement.verdict == .directMX })
        #expect(!tracker.isHolding)
    }

    @Test mutating func patienceEndsAndWhatComesLaterChangesNothing() throws {
        _ = connect(1, script: "/never.pl")
        #expect(tracker.takeSettled(at: 7, patience: Self.patience).isEmpty)
        #expect(tracker.takeSettled(at: 6 + Self.patience, patience: Self.patience).isEmpty)
        let given = tracker.takeSettled(at: 7 + Self.patience, patience: Self.patience)
        #expect(given.map { $0.connection.script?.facts?.obstacle } == [.timedOut])
        try settle("/never.pl", size: 3)
        let end = close(1)
        #expect(end?.connection.script?.facts?.obstacle == .timedOut)
        #expect(end?.connection.script?.facts?.size == nil)
    }

    /// The open connections, too, are judged when all is known.
    @Test mutating func whatIsOpenIsJudgedLater() throws {
        _ = connect(1, script: "/slow.pl")
        #expect(tracker.open.first?.judgement.verdict == .unknown)
        try settle("/slow.pl", size: 3)
        _ = tracker.takeSettled(at: 7, patience: Self.patience)
        #expect(tracker.open.first?.judgement.verdict == .directMX)
    }

    @Test mutating func aLostEndWaitsAsWell() throws {
        _ = connect(1, script: "/slow.pl")
        #expect(tracker.endAll(notIn: [], before: 1000).isEmpty)
        try settle("/slow.pl", size: 3)
        let changes = tracker.takeSettled(at: 7, patience: Self.patience)
        #expect(changes.map { $0.connection.state.hasEnded } == [false, true])
    }

    /// A user who makes many wait has his own oldest written without facts.
    @Test mutating func onlySoManyWait() throws {
        for id in 1...20_011 as ClosedRange<UInt64> { _ = connect(id, script: "/\(id).pl") }
        let given = tracker.takeSettled(at: 7, patience: Self.patience)
        #expect(given.count == 20_011 - 16_384)
        #expect(given.first?.connection.id == 1)
        #expect(given.allSatisfy { $0.connection.script?.facts?.obstacle == .timedOut })
        #expect(tracker.takeSettled(at: 7 + Self.patience, patience: Self.patience).count == 16_384)
    }

    @Test mutating func handoversWaitEachForItself() throws {
        for number in 1...3 as ClosedRange<UInt64> {
            var process = ProcessDescription()
            process.exe = Array("/usr/bin/perl".utf8)
            process.comm = Array("perl".utf8)
            process.argv = Array("perl\0/\(number).pl\0".utf8)
            let change = tracker.handle(
                .handover(
                    ConnectEvent(
                        time: number, connection: 0, identity: number, description: process,
                        source: Endpoint(address: IPAddress("0.0.0.0")!, port: 0),
                        destination: Endpoint(address: IPAddress("0.0.0.0")!, port: 0), thread: 1, threadName: [],
                        isFollowed: true)))
            #expect(change == nil)
        }
        try settle("/2.pl", size: 2)
        #expect(tracker.takeSettled(at: 7, patience: Self.patience).map { $0.connection.script?.facts?.size } == [2])
        try settle("/1.pl", size: 1)
        try settle("/3.pl", size: 3)
        #expect(
            tracker.takeSettled(at: 8, patience: Self.patience).map { $0.connection.script?.facts?.size } == [1, 3])
    }
}
