internal import MailWatch

/// What one group of connections did.
struct Group: Sendable {
    let key: GroupKey
    var connects = 0
    var failed = 0
    /// RCPT commands.
    var recipients: UInt64 = 0
    /// How many of the connects have which verdict; none is 0.
    var verdicts: [Verdict: Int] = [:]
    var destinations: Set<IPAddress> = []
    /// Connects of the last minute, in steps of 5 s.
    var meter = Meter(step: 5_000_000_000, count: 12)
    /// The latest connection, as far as it is known.
    var last: Connection
    /// The latest EHLO, whichever connection said it.
    var hello: [UInt8] = []

    /// The verdict that its worst connection has.
    var worst: Verdict { Verdict.byUrgency.first { verdicts[$0] != nil } ?? .unknown }
}

extension Verdict {
    /// What asks for an answer stands first.
    static let byUrgency: [Verdict] = [.directMX, .unknown, .probe, .smarthost, .mta, .local]

    var urgency: Int { Self.byUrgency.firstIndex(of: self) ?? 0 }
}

extension Group {
    /// - Parameter verdict: as which it counts; nil takes its own.
    mutating func open(_ connection: Connection, as verdict: Verdict? = nil) {
        connects += 1
        verdicts[verdict ?? connection.judgement.verdict, default: 0] += 1
        meter.note(connection.connectTime)
        last = connection
        if connection.state != .handedOver, destinations.count < SenderRecord.destinationLimit {
            destinations.insert(connection.destination.address)
        }
    }

    mutating func update(
        _ connection: Connection, verdict: (old: Verdict, new: Verdict), recipients: UInt32
    ) {
        verdicts.move(from: verdict.old, to: verdict.new)
        self.recipients += UInt64(recipients)
        if last.id == connection.id { last = connection }
        if let name = connection.dialogue?.helloName, !name.isEmpty { hello = name }
    }
}
