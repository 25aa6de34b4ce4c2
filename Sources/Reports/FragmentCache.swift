internal import MailWatch

/// What the rows of one process, or of one script in it, share, made once: a sender with 50,000 connects is escaped once.
struct FragmentCache: Sendable {
    private static let limit = 1024

    /// Serial numbers.
    private struct Key: Hashable, Sendable { let process, php, origin: UInt64 }

    private var fragments: [Key: [UInt8]] = [:]
    private var bootTime: UInt64 = 0

    mutating func fragment(of process: Process, clock: WallClock, make: () -> [UInt8]) -> [UInt8] {
        fragment(Key(process: process.serial, php: 0, origin: 0), clock, make)
    }

    /// What is the same as long as PHP does the same.
    mutating func fragment(ofScriptOf connection: Connection, clock: WallClock, make: () -> [UInt8]) -> [UInt8] {
        let php = connection.php?.serial ?? 0
        return fragment(
            Key(process: connection.process.serial, php: php, origin: connection.origin?.serial ?? 0), clock, make)
    }

    private mutating func fragment(_ key: Key, _ clock: WallClock, _ make: () -> [UInt8]) -> [UInt8] {
        // A step of the clock moves the times in them.
        if clock.bootTime != bootTime || fragments.count >= Self.limit {
            fragments = [:]
            bootTime = clock.bootTime
        }
        if let known = fragments[key] { return known }
        let made = make()
        fragments[key] = made
        return made
    }
}
