internal import MailWatch

/// What the rows of one process share, made once: a sender with 50,000 connects is escaped once.
struct FragmentCache: Sendable {
    private static let limit = 1024

    private var fragments: [UInt64: [UInt8]] = [:]
    private var bootTime: UInt64 = 0

    mutating func fragment(of process: Process, clock: WallClock, make: () -> [UInt8]) -> [UInt8] {
        // A step of the clock moves the times in them.
        if clock.bootTime != bootTime || fragments.count >= Self.limit {
            fragments = [:]
            bootTime = clock.bootTime
        }
        if let known = fragments[process.serial] { return known }
        let made = make()
        fragments[process.serial] = made
        return made
    }
}
