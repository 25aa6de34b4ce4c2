internal import MailWatch

/// A connection on its way to the tables.
struct Entry: Sendable {
    var connection: Connection
    /// Of the destination, by reverse DNS; empty where it is not known.
    var name: [UInt8]
    var clock: WallClock
}
