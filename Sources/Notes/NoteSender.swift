internal import History
internal import MailWatch

/// What one sender did, for a note. Times are in ns since the epoch.
struct NoteSender {
    let sender: HistorySender
    let firstTime: UInt64
    private(set) var lastTime: UInt64
    private(set) var connects = 0
    private(set) var failed = 0
    private(set) var accepted = 0
    /// Told apart up to `SenderRecord.destinationLimit`.
    private(set) var destinations: Set<IPAddress> = []
    private(set) var verdicts: [Verdict: Int] = [:]
    private(set) var clients = Tally()
    private(set) var requests = Tally()
    private(set) var hellos = Tally()
    private(set) var mailboxes = Tally()
    /// The latest one of those that are an alarm, or else of all.
    private(set) var sample: Recorded

    init(_ first: Recorded) {
        sender = HistorySender(first.connection)
        firstTime = first.time
        lastTime = first.time
        sample = first
    }

    var isAlarm: Bool { verdicts[.directMX, default: 0] > 0 }

    mutating func note(_ recorded: Recorded) {
        let connection = recorded.connection
        let verdict = connection.judgement.verdict
        connects += 1
        lastTime = recorded.time
        verdicts[verdict, default: 0] += 1
        if verdict == .directMX || sample.connection.judgement.verdict != .directMX { sample = recorded }
        if connection.isFailure { failed += 1 }
        accepted += Int(connection.dialogue?.accepted ?? 0)
        if connection.state != .handedOver, destinations.count < SenderRecord.destinationLimit {
            destinations.insert(connection.destination.address)
        }
        if let dialogue = connection.dialogue {
            hellos.note(dialogue.helloName)
            if let mailbox = dialogue.sender { mailboxes.note(mailbox.isEmpty ? Array("<>".utf8) : mailbox) }
        }
        guard let context = connection.script?.context else { return }
        clients.note(context.client)
        let request = [context.method, context.host + context.path].filter { !$0.isEmpty }
        requests.note(Array(request.joined(separator: [UInt8(ascii: " ")])))
    }
}
