internal import GRDB

/// A recorder from its start to its end. Times are in ns since the epoch.
public struct HistoryRun: Sendable, Equatable {
    public let start: UInt64
    /// Its end, or when it last wrote: while it has nothing to write, it says each five seconds that it goes on.
    public let latest: UInt64
    /// It was ended in order.
    public let hasEnded: Bool
    public let isRunning: Bool
    public let host: String
    /// Of mailsnoop.
    public let version: String
    /// Connections that were written, and those for which there was no room.
    public let stored: Int
    public let unstored: Int
    /// What the kernel side has lost.
    public let lost: Int

    init(_ row: Row, isRunning: Bool) throws(ByteReader.Malformed) {
        start = try row.time(1)
        latest = try row.time(2)
        hasEnded = try row.integer(3) != 0
        self.isRunning = isRunning
        host = try row.string(4)
        version = try row.string(5)
        stored = try row.count(6)
        unstored = try row.count(7)
        lost = try row.count(8)
    }
}

/// What there is of history.
public struct HistoryStatus: Sendable {
    /// The oldest first.
    public let runs: [HistoryRun]
    public let connections: Int
    /// Of the oldest and the newest connection, in ns since the epoch.
    public let oldest: UInt64?
    public let newest: UInt64?
    /// Bytes of the database.
    public let size: UInt64
}
