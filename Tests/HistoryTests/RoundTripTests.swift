import History
import Testing

@testable import MailWatch

@Suite(.timeLimit(.minutes(10)))
struct RoundTripTests {
    private let place = Place()

    private func written(_ connections: [Connection]) throws -> [Recorded] {
        let recorder = try place.recorder()
        for connection in connections { recorder.record(connection, name: connection.threadName, clock: clock) }
        recorder.finish()
        return try place.recorded()
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        // Each text comes twice: once it stands in the row, once in the table of texts.
        let made = try Hostile.texts.flatMap { try [connection($0, at: 23), connection($0, at: 97)] }
        let read = try written(made)
        #expect(read.count == made.count)
        let sorted = made.sorted { $0.connectTime < $1.connectTime }
        for (made, read) in zip(sorted, read.sorted { $0.connection.connectTime < $1.connection.connectTime }) {
            #expect(made.connectTime == read.connection.connectTime)
        }
        for text in Hostile.texts {
            let two = read.filter { $0.connection.threadName == text }
            #expect(two.count == 2)
            for one in two { try expect(one.connection, is: connection(text, at: one.connection.connectTime)) }
            #expect(two.allSatisfy { $0.name == text && $0.clock.bootTime == clock.bootTime })
        }
    }

    @Test func theLeastThereIsIsReadAgain() throws {
        var tracker = Tracker(place: { _ in Placement() })
        let address = Endpoint(address: IPAddress(ipv4: 0), port: 0)
        let event = ConnectEvent(
            time: 7, connection: 7, identity: 1, description: nil, source: address, destination: address, thread: 1,
            threadName: [], isFollowed: true)
        let change = tracker.handle(.connect(event))
        let made = try #require(change).connection
        let read = try #require(try written([made]).first)
        try expect(read.connection, is: made)
        #expect(read.connection.dialogue == nil)
    }

    @Test func connectsOfTheSameMomentAreTwo() throws {
        let made = try (0..<7).map { _ in try connection(Array("x".utf8), at: 23) }
        let read = try written(made)
        #expect(read.count == 7)
        #expect(read.allSatisfy { $0.connection.connectTime == 23 })
    }

    private func expect(_ read: Connection, is made: Connection) throws {
        #expect(read.process.description == made.process.description)
        #expect(read.process.placement == made.process.placement)
        for (read, made) in [(read.php, made.php), (read.origin, made.origin), (read.script, made.script)] {
            #expect(read?.evidence == made?.evidence)
            #expect(read?.path == made?.path)
            #expect(read?.line == made?.line)
            #expect(read?.context == made?.context)
            #expect(read?.facts == made?.facts)
        }
        #expect(read.thread == made.thread)
        #expect(read.threadName == made.threadName)
        #expect(read.source == made.source)
        #expect(read.destination == made.destination)
        #expect(read.connectTime == made.connectTime)
        #expect(read.establishedTime == made.establishedTime)
        #expect(read.endTime == made.endTime)
        #expect(read.state == made.state)
        #expect(read.error == made.error)
        #expect(read.cookie == made.cookie)
        #expect(read.bytesSent == made.bytesSent)
        #expect(read.bytesReceived == made.bytesReceived)
        #expect(read.dialogue == made.dialogue)
        #expect(read.judgement.verdict == made.judgement.verdict)
        #expect(read.judgement.reasons.map(\.code) == made.judgement.reasons.map(\.code))
        #expect(read.judgement.reasons.map(\.sentence) == made.judgement.reasons.map(\.sentence))
    }
}
