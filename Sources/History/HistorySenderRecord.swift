public import MailWatch

/// What one sender did. Times are in ns since the epoch.
public struct HistorySenderRecord: Sendable {
    public let sender: HistorySender
    public let firstTime: UInt64
    public private(set) var lastTime: UInt64
    public private(set) var connects = 0
    /// Those that were never established.
    public private(set) var failed = 0
    /// Messages that servers have taken.
    public private(set) var accepted = 0
    /// Told apart up to `SenderRecord.destinationLimit`.
    public private(set) var destinations: Set<IPAddress> = []
    /// How many of the connects have which verdict; none is 0.
    public private(set) var verdicts: [Verdict: Int] = [:]

    init(_ sender: HistorySender, firstTime: UInt64) {
        self.sender = sender
        self.firstTime = firstTime
        lastTime = firstTime
    }

    mutating func note(
        _ time: UInt64, to destination: IPAddress, _ state: ConnectionState, wasEstablished: Bool, _ verdict: Verdict,
        accepted: Int
    ) {
        connects += 1
        lastTime = time
        verdicts[verdict, default: 0] += 1
        self.accepted += accepted
        guard state != .handedOver else { return }
        if state.hasEnded, state != .unknown, !wasEstablished { failed += 1 }
        if destinations.count < SenderRecord.destinationLimit { destinations.insert(destination) }
    }
}
