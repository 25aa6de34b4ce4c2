internal import HostFacts
internal import MailWatch
internal import TopView

/// What the live view shows the connections of.
protocol TopSource: ~Copyable {
    /// Readable when records wait; negative where there is nothing to wait for.
    var descriptor: Int32 { get }
    /// Reads at most `limit` records. Returns how many.
    mutating func read(limit: Int, _ body: (Tracker.Change) -> Void) -> Int
    /// A few times a second.
    mutating func tick(_ body: (Tracker.Change) -> Void)
    /// - Parameter board: what became of the changes.
    mutating func scene(of board: Board) -> Scene
}

/// What happens now.
struct LiveSource: ~Copyable, TopSource {
    private var watch: Watch
    private var clock = WallClock()
    private let host = Host.name

    init(_ watch: consuming Watch) { self.watch = watch }

    var descriptor: Int32 { watch.descriptor }

    mutating func read(limit: Int, _ body: (Tracker.Change) -> Void) -> Int { watch.read(limit: limit, body) }

    mutating func tick(_ body: (Tracker.Change) -> Void) {
        clock.follow()
        watch.housekeep(body)
    }

    mutating func scene(of board: Board) -> Scene {
        Scene(
            board: board, losses: watch.losses, openCount: watch.openCount, host: host, source: "hook \(watch.hook)",
            clock: clock, now: clock.wallTime(WallClock.uptime), name: watch.name)
    }
}
