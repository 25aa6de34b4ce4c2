import MailWatch
import Testing

@testable import TopView

struct BoardTests {
    private func programs(_ board: Board, _ grouping: Grouping = .program) -> [String: Group] {
        Dictionary(
            uniqueKeysWithValues: board.groups(by: grouping).map {
                (String(decoding: $0.last.process.program, as: UTF8.self), $0)
            })
    }

    @Test func groupIsSummed() throws {
        var traffic = Traffic { $0.dialogue == nil ? Judgement(.unknown) : Judgement(.directMX) }
        var board = Board()
        board.note(traffic.connect(2, to: "192.0.2.1"))
        board.note(traffic.connect(3, to: "192.0.2.2"))
        board.note(traffic.connect(5, to: "192.0.2.2"))
        board.note(traffic.line(2, .ehlo, "EHLO mail.com"))
        board.note(traffic.line(2, .rcpt, "RCPT TO:<a@b.example>", recipients: 1))
        board.note(traffic.line(2, .rcpt, "RCPT TO:<c@b.example>", recipients: 3))
        board.note(traffic.close(2))
        board.note(traffic.close(3, established: false, error: 111))
        for grouping in Grouping.allCases where grouping != .destination {
            let group = try #require(board.groups(by: grouping).first)
            #expect(board.groups(by: grouping).count == 1)
            #expect(group.connects == 3)
            #expect(group.failed == 1)
            #expect(group.recipients == 3)
            #expect(group.destinations.count == 2)
            #expect(group.verdicts == [.directMX: 1, .unknown: 2])
            #expect(group.worst == .directMX)
            #expect(group.hello == Array("mail.com".utf8))
            #expect(group.last.id == 5)
        }
        #expect(board.groups(by: .destination).map(\.connects).sorted() == [1, 2])
        #expect(board.connects == 3)
        #expect(board.openCount == 1)
        #expect(board.verdicts == [.directMX: 1, .unknown: 2])
    }

    @Test func groupingsTellApart() {
        var traffic = Traffic()
        var board = Board()
        board.note(traffic.connect(2, "php", uid: 33, to: "192.0.2.1"))
        board.note(traffic.connect(3, "php", uid: 34, to: "192.0.2.1"))
        board.note(traffic.connect(5, "perl", uid: 34, to: "192.0.2.2"))
        #expect(Grouping.allCases.map { board.groups(by: $0).count } == [3, 2, 2, 1, 2])
        #expect(programs(board)["/usr/bin/php"]?.connects == 2)
    }

    /// Alarms stay longest, and what goes is summed.
    @Test func theOldestMakeRoom() throws {
        var traffic = Traffic { $0.process.description.uid == 7 ? Judgement(.directMX) : Judgement(.unknown) }
        var board = Board(groupLimit: 4, recentLimit: 3)
        board.note(traffic.connect(1, "spam", uid: 7))
        for id in 2...101 as ClosedRange<UInt64> { board.note(traffic.connect(id, "program\(id)")) }
        let groups = programs(board)
        #expect(groups.count <= 4)
        #expect(groups["/usr/bin/spam"] != nil)
        #expect(groups["/usr/bin/program101"] != nil)
        #expect(groups.values.reduce(0) { $0 + $1.connects } + board.others(by: .program) == 101)
        #expect(board.others(by: .user) == 0)
        // An end of what is no longer kept is no trouble.
        for id in 1...101 as ClosedRange<UInt64> { board.note(traffic.close(id, established: false, error: 111)) }
        #expect(board.openCount == 0)
        #expect(board.connections(of: nil, by: .script).map(\.id) == [101, 100, 99])
        #expect(board.connections(of: nil, by: .script).allSatisfy { $0.state == .refused })
        #expect(board.verdicts == [.directMX: 1, .unknown: 100])
    }

    @Test func connectionsOfAGroupAreFoundLatestFirst() throws {
        var traffic = Traffic()
        var board = Board(recentLimit: 7)
        for id in 1...11 as ClosedRange<UInt64> { board.note(traffic.connect(id, id % 2 == 0 ? "even" : "odd")) }
        let key = try #require(programs(board)["/usr/bin/even"]).key
        #expect(board.connections(of: key, by: .program).map(\.id) == [10, 8, 6])
        #expect(board.connections(of: nil, by: .program).map(\.id) == [11, 10, 9, 8, 7, 6, 5])
        #expect(board.connection(6)?.id == 6)
        #expect(board.connection(3) == nil)
    }

    @Test func destinationsAreToldApartUpToTheLimit() throws {
        var traffic = Traffic()
        var board = Board()
        for id in 1...307 as ClosedRange<UInt64> {
            board.note(traffic.connect(id, to: "192.0.\(id / 256).\(id % 256)"))
        }
        #expect(try #require(board.groups(by: .program).first).destinations.count == SenderRecord.destinationLimit)
    }
}

struct MeterTests {
    @Test func itHoldsTheLatestSteps() {
        var meter = Meter(step: 10, count: 3)
        for time in [0, 1, 11, 25, 29, 31] as [UInt64] { meter.note(time) }
        #expect(meter.series(until: 31) == [1, 2, 1])
        #expect(meter.series(until: 45) == [2, 1, 0])
        #expect(meter.total(until: 45) == 3)
        #expect(meter.total(until: 1000) == 0)
        // Late by a step, and too late.
        meter.note(22)
        meter.note(3)
        #expect(meter.series(until: 31) == [1, 3, 1])
        meter.note(.max)
        #expect(meter.total(until: .max) == 1)
    }
}

struct SelectionTests {
    @Test func theFirstRowIsSelectedUntilSomebodyMoves() {
        var selection = Selection<String>()
        #expect(selection.index(in: []) == nil)
        #expect(selection.index(in: ["a", "b"]) == 0)
        #expect(selection.index(in: ["c", "a", "b"]) == 0)
        selection.move(by: 1, in: ["c", "a", "b"])
        #expect(selection.index(in: ["b", "c", "a"]) == 2)
        // When it is gone, what stands there now.
        #expect(selection.index(in: ["b", "c", "d"]) == 2)
        #expect(selection.index(in: ["d"]) == 0)
        selection.move(by: .max, in: ["d", "e", "f"])
        #expect(selection.index(in: ["d", "e", "f"]) == 2)
        selection.move(by: .min, in: ["d", "e", "f"])
        #expect(selection.index(in: ["x", "d", "e", "f"]) == 0)
    }
}
