import MailWatch
import Testing

/// What the tracker knows of the processes behind the connections.
struct TrackerProcessTests {
    private final class Places { var asked = 0 }

    private let places = Places()
    private var tracker: Tracker

    init() {
        let places = places
        tracker = Tracker(processLimit: 10) { _ in
            places.asked += 1
            return Placement(unit: "\(places.asked)")
        }
    }

    private mutating func process(_ connection: UInt64, identity: UInt64, described: Bool) throws -> Process {
        let event = KernelEvent.connect(
            connection, identity: identity, description: described ? .sample : nil, thread: 4243, threadName: "smtp-out"
        )
        return try tracker.connection(event).process
    }

    @Test mutating func identityIsDescribedOnceAndThenReferredTo() throws {
        let first = try process(1, identity: 23, described: true)
        let second = try process(2, identity: 23, described: false)
        let other = try process(3, identity: 29, described: true)
        #expect(first === second)
        #expect(first !== other)
        #expect(places.asked == 2)
        #expect(tracker.processCount == 2)
    }

    @Test mutating func describedAgainItIsTheNewDescriptionThatCounts() throws {
        _ = try process(1, identity: 23, described: true)
        let again = try process(2, identity: 23, described: true)
        let later = try process(3, identity: 23, described: false)
        #expect(again === later)
        #expect(later.placement.unit == "2")
        #expect(tracker.processCount == 1)
    }

    @Test mutating func lostDescriptionIsAGap() throws {
        let lost = try process(1, identity: 23, described: false)
        #expect(lost.description.gaps == .descriptionLost)
        #expect(lost.description.comm == Array("smtp-out".utf8))
        #expect(lost.description.arguments == [])
        #expect(lost.placement == Placement())
        #expect(places.asked == 0)
        #expect(tracker.processCount == 0)
        #expect(try process(2, identity: 23, described: true).description.gaps == [])
    }

    /// Nobody knows whose it was: it must not be root's.
    @Test mutating func lostDescriptionDoesNotBlameRoot() throws {
        let connection = try tracker.connection(.connect(1, description: nil))
        var filter = ConnectionFilter()
        filter.users = [0]
        #expect(!filter.matches(connection))
        #expect(connection.process.user != "0")
    }

    @Test mutating func idleProcessesAreForgottenInTwoSteps() throws {
        for identity in 1...11 as ClosedRange<UInt64> { _ = try process(identity, identity: identity, described: true) }
        #expect(tracker.forgetIdle().identities == [1, 2, 3, 4, 5, 6])
        // Records that were on their way still name them.
        #expect(try process(12, identity: 1, described: false).description.gaps == [])
        #expect(try process(13, identity: 11, described: false).description.gaps == [])
        #expect(tracker.forgetIdle().identities == [])
        #expect(try process(14, identity: 1, described: false).description.gaps == .descriptionLost)
        #expect(try process(15, identity: 11, described: false).description.gaps == [])
    }

    @Test mutating func nothingIsForgottenWithinTheLimit() throws {
        for identity in 1...10 as ClosedRange<UInt64> { _ = try process(identity, identity: identity, described: true) }
        #expect(tracker.forgetIdle().identities == [])
        #expect(tracker.processCount == 10)
    }

    @Test mutating func processInUseIsNotForgotten() throws {
        _ = try process(1, identity: 1, described: true)
        for identity in 2...97 as ClosedRange<UInt64> {
            _ = try process(identity * 2, identity: identity, described: true)
            #expect(try process(identity * 2 + 1, identity: 1, described: false).description.gaps == [])
            #expect(!tracker.forgetIdle().identities.contains(1))
        }
    }

    @Test mutating func memoryIsBoundedHoweverManyProcessesThereAre() throws {
        var most = 0
        for identity in 1...10_007 as ClosedRange<UInt64> {
            _ = try process(identity, identity: identity, described: true)
            _ = tracker.handle(.closed(identity))
            if identity % 5 == 0 { _ = tracker.forgetIdle().identities }
            most = max(most, tracker.processCount)
        }
        // The limit, what came since it was last kept, and what is about to go.
        #expect(most <= 25)
        #expect(tracker.openCount == 0)
    }
}
