import Testing

@testable import MailWatch

/// A connection that was there before, or that more than one process has.
struct TalkerTests {
    private func process(_ pid: UInt32, _ exe: String, uid: UInt32 = 0) -> ProcessDescription {
        var process = ProcessDescription.sample
        process.pid = pid
        process.uid = uid
        process.exe = Array(exe.utf8)
        return process
    }

    /// Trusts programs below /opt/trusted.
    private func tracker() -> Tracker {
        var judge = Judge()
        var trust = Policy.Trust()
        trust.exe = "/opt/trusted/*"
        judge.policy.trusted = [trust]
        return Tracker(place: { _ in .sample }, judge: { judge.judge($0) })
    }

    private func talker(_ connection: UInt64, _ identity: UInt64, _ process: ProcessDescription) throws -> KernelEvent {
        guard
            case .connect(let event) = KernelEvent.connect(
                connection, identity: identity, description: process, at: connection * 1000 + 150)
        else { throw Unexpected() }
        return .talker(event)
    }

    private struct Unexpected: Error {}

    /// Trust takes that all are trusted, whoever connected and whoever talked.
    @Test(arguments: [
        (["/opt/trusted/a"], Verdict.mta), (["/opt/trusted/a", "/opt/trusted/b"], .mta),
        (["/usr/bin/perl", "/opt/trusted/a"], .directMX), (["/opt/trusted/a", "/usr/bin/perl"], .directMX),
        (["/opt/trusted/a", "/usr/bin/perl", "/opt/trusted/b"], .directMX),
    ])
    func theWorstOfAllProcessesDecides(programs: [String], verdict: Verdict) throws {
        var tracker = tracker()
        _ = tracker.handle(.connect(7, identity: 1, description: process(101, programs[0])))
        _ = tracker.handle(.established(7))
        for (index, program) in programs.enumerated().dropFirst() {
            _ = tracker.handle(try talker(7, UInt64(index + 1), process(UInt32(101 + index), program)))
        }
        let connection = try tracker.connection(.closed(7))
        #expect(connection.judgement.verdict == verdict)
        #expect(connection.process.program == Array(programs.last!.utf8))
        #expect(connection.formerProcesses.map(\.description.pid) == (0..<UInt32(programs.count - 1)).map { 101 + $0 })
        #expect(connection.judgement.codes.contains(.otherTalker) == (programs.count > 1))
        if programs.count > 1 {
            #expect(
                connection.judgement.sentence(.otherTalker)
                    == "\(programs.last!) sends on a connection that another process made: \(programs[0]), pid 101, user www-data."
            )
        }
    }

    @Test func theSameProcessAgainIsNoTalker() throws {
        var tracker = tracker()
        _ = tracker.handle(.connect(7))
        _ = tracker.handle(try talker(7, 1, .sample))
        _ = tracker.handle(.established(7))
        #expect(try tracker.connection(.closed(7)).formerProcesses.count <= 1)
    }

    @Test func talkersAreBounded() throws {
        var tracker = tracker()
        _ = tracker.handle(.connect(7))
        for number in 0..<31 {
            _ = tracker.handle(try talker(7, UInt64(number + 2), process(UInt32(number + 2), "/usr/bin/perl")))
        }
        #expect(try tracker.connection(.closed(7)).formerProcesses.count == 8)
    }

    /// The sender that talks has the connection, and no other.
    @Test func theLedgerCountsTheTalker() throws {
        var tracker = tracker()
        var ledger = Ledger()
        for event in [
            KernelEvent.connect(7, description: process(101, "/usr/bin/connector")), .established(7),
            try talker(7, 2, process(102, "/usr/bin/talker")), .closed(7),
        ] {
            if let change = tracker.handle(event) { ledger.note(change) }
        }
        #expect(ledger.connects == 1 && ledger.others == 0)
        #expect(ledger.busiest(7).map(\.program) == [Array("/usr/bin/talker".utf8)])
        #expect(ledger.busiest(7).first?.verdicts == [.directMX: 1])
    }

    @Test func aFilterWantsAnyOfTheProcesses() throws {
        var tracker = tracker()
        _ = tracker.handle(.connect(7, description: process(101, "/usr/bin/connector")))
        let connection = try tracker.connection(try talker(7, 2, process(102, "/usr/bin/talker")))
        for (pid, isWanted) in [(101 as UInt32, true), (102, true), (103, false)] {
            var filter = ConnectionFilter()
            filter.pids = [pid]
            #expect(filter.matches(connection) == isWanted)
        }
    }

    /// What was said before is not known: that it was harmless cannot be said.
    @Test(arguments: [[], ["QUIT"], ["NOOP"], ["EHLO x.example", "QUIT"]])
    func aConnectionThatBeganBeforeIsNoProbe(said: [String]) throws {
        var tracker = tracker()
        guard case .connect(var event) = KernelEvent.connect(7) else { throw Unexpected() }
        event.isByContent = true
        event.beganBefore = true
        let opened = try tracker.connection(.connect(event))
        #expect(opened.state == .open && opened.judgement.codes.contains(.beganBefore))
        for (number, text) in said.enumerated() where text != "NOOP" {
            var line = LineEvent.said(text, UInt32(number + 1), followsGap: number == 0)
            line.connection = 7
            _ = tracker.handle(.line(line))
        }
        let ended = try tracker.connection(.closed(7, sent: 31))
        #expect(ended.judgement.verdict == .directMX)
        #expect(ended.judgement.codes.contains(.beganBefore) && ended.judgement.codes.contains(.dialogueNotSeen))
    }

    /// On a port that is not watched the socket's maker is all that is known of the connector.
    @Test(arguments: [(33 as UInt32, false), (0, true), (1009, true)])
    func theMakerOfTheSocketIsTold(maker: UInt32, isTold: Bool) throws {
        var tracker = tracker()
        guard case .connect(var event) = KernelEvent.connect(7, port: 2600) else { throw Unexpected() }
        event.isByContent = true
        event.socketUID = maker
        let connection = try tracker.connection(.connect(event))
        #expect(connection.judgement.codes.contains(.otherTalker) == isTold)
        if isTold {
            #expect(
                connection.judgement.sentence(.otherTalker)
                    == "/usr/bin/php8.2 sends on a connection that another process made: a process of uid \(maker).")
        }
    }

    @Test func theIdlestEndFirst() throws {
        var tracker = tracker()
        for number in 1...7 as ClosedRange<UInt64> { _ = tracker.handle(.connect(number)) }
        var line = LineEvent.said("EHLO x.example")
        line.connection = 1
        line.time = 9000
        _ = tracker.handle(.line(line))
        let ended = tracker.endIdlest(3).ended
        #expect(ended.map(\.id) == [2, 3, 4])
        #expect(ended.allSatisfy { $0.state == .unknown && $0.judgement.verdict == .directMX })
        #expect(tracker.openCount == 4)
    }
}
