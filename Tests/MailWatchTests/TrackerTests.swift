import MailWatch
import Testing

struct TrackerTests {
    private var tracker = Tracker { _ in Placement(userName: "www-data") }

    private mutating func isChange(_ event: KernelEvent) -> Bool { tracker.handle(event) != nil }

    @Test mutating func connectionIsFollowedFromConnectToClose() throws {
        guard case .opened(let opened) = tracker.handle(.connect(7)) else { return #expect(Bool(false)) }
        #expect(opened.state == .connecting)
        #expect(opened.connectTime == 7000)
        #expect(opened.duration == nil)
        #expect(opened.process.user == "www-data")
        #expect(tracker.openCount == 1)

        guard case .established(let established) = tracker.handle(.established(7)) else {
            return #expect(Bool(false))
        }
        #expect(established.state == .open)
        #expect(established.establishedTime == 7101)
        #expect(established.source.description == "198.51.100.7:40961")
        #expect(tracker.open.map(\.state) == [.open])

        guard case .ended(let ended) = tracker.handle(.closed(7)) else { return #expect(Bool(false)) }
        #expect(ended.state == .closed)
        #expect(ended.endTime == 7211)
        #expect(ended.duration == 211)
        #expect(ended.bytesSent == 1009)
        #expect(ended.bytesReceived == 2003)
        #expect(ended.error == 0)
        #expect(tracker.openCount == 0)
    }

    @Test mutating func endTellsThatItWasEstablishedWhereThatRecordWasLost() throws {
        _ = tracker.handle(.connect(7))
        let ended = try tracker.connection(.closed(7))
        #expect(ended.state == .closed)
        #expect(ended.establishedTime == 7101)
    }

    @Test mutating func refusedConnectionWasNeverEstablished() throws {
        _ = tracker.handle(.connect(7))
        let ended = try tracker.connection(.closed(7, established: false, error: 111))
        #expect(ended.state == .refused)
        #expect(ended.establishedTime == nil)
        #expect(ended.error == 111)
    }

    @Test mutating func unfollowedConnectionIsNotHeld() throws {
        let opened = try tracker.connection(.connect(7, isFollowed: false))
        #expect(opened.state == .unknown)
        #expect(tracker.openCount == 0)
        #expect(!isChange(.closed(7)))
    }

    @Test mutating func lifeOfAConnectionThatNobodySawBeginIsNothing() {
        #expect(!isChange(.established(7)))
        #expect(!isChange(.closed(7)))
        #expect(tracker.openCount == 0)
    }

    @Test mutating func secondEndIsNothing() {
        _ = tracker.handle(.connect(7))
        #expect(isChange(.closed(7)))
        #expect(!isChange(.closed(7)))
    }

    @Test mutating func openConnectionsAreInTheOrderOfTheirConnects() {
        for id in [11, 3, 7, 5, 2] as [UInt64] { _ = tracker.handle(.connect(id)) }
        #expect(tracker.open.map(\.id) == [2, 3, 5, 7, 11])
    }

    @Test mutating func lostEndsAreEndedButNotWhatBeganLater() {
        for id in [2, 3, 5, 7] as [UInt64] { _ = tracker.handle(.connect(id)) }
        _ = tracker.handle(.established(3))
        let ended = tracker.endAll(notIn: [5], before: 7000)
        #expect(ended.map(\.id) == [2, 3])
        #expect(ended.map(\.state) == [.unknown, .unknown])
        #expect(ended.map(\.endTime) == [nil, nil])
        #expect(tracker.open.map(\.id) == [5, 7])
        #expect(!isChange(.closed(2)))
    }
}
