public import MailWatch

/// All that the view shows, and who it is from.
public struct Scene {
    public var board: Board
    public var losses: Losses
    /// Connections that have not ended, watched or not.
    public var openCount: Int
    public let host: String
    /// Where it comes from: `hook kprobe/tcp_connect`, or a recording.
    public var source: String
    public var clock: WallClock
    /// By that clock, in ns since the epoch.
    public var now: UInt64
    /// Of a destination by reverse DNS; nil where it is not known.
    public var name: (IPAddress) -> [UInt8]?

    public init(
        board: Board, losses: Losses, openCount: Int, host: String, source: String, clock: WallClock, now: UInt64,
        name: @escaping (IPAddress) -> [UInt8]? = { _ in nil }
    ) {
        self.board = board
        self.losses = losses
        self.openCount = openCount
        self.host = host
        self.source = source
        self.clock = clock
        self.now = now
        self.name = name
    }

    /// Now, in ns of CLOCK_BOOTTIME.
    var uptime: UInt64 { now &- clock.bootTime }
}
