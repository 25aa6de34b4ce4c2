public import Complaints
public import History
internal import MailWatch

/// What there is to say of an incident. Connections are added one at a time, the oldest first, and only a bounded part of
/// them is kept. Times are in ns since the epoch.
public struct IncidentNote {
    /// What was complained of, and the answer.
    public struct Answer {
        let complaint: Complaint
        /// The best first, without those that something speaks against.
        let ranking: [RankedSender]
        /// The best connection of each, by `RankedSender.sender`.
        let best: [Int64: Recorded]

        public init(complaint: Complaint, ranking: [RankedSender], best: [Int64: Recorded]) {
            self.complaint = complaint
            self.ranking = ranking
            self.best = best
        }
    }

    private static let senderLimit = 4096
    static let rowLimit = 200

    let host: String
    let version: String
    /// When the note is written.
    let time: UInt64
    /// What is asked for; its ends where that was not said are those of what is recorded.
    let span: Range<UInt64>
    let coverage: Coverage
    let answer: Answer?
    private(set) var connects = 0
    private(set) var verdicts: [Verdict: Int] = [:]
    private(set) var firstTime: UInt64?
    private(set) var lastTime: UInt64?
    private(set) var senders: [Int64: NoteSender] = [:]
    /// Connections of senders for which there was no room.
    private(set) var others = 0
    private(set) var timeline: Timeline
    /// Of those who are the answer, or where nothing was complained of, of all.
    private(set) var rows: [Recorded] = []
    /// How many such there are.
    private(set) var rowCount = 0

    /// - Parameter host: that it happened on.
    public init(
        host: String, version: String, time: UInt64, span: Range<UInt64>, coverage: Coverage, answer: Answer?
    ) {
        self.host = host
        self.version = version
        self.time = time
        self.span = span
        self.coverage = coverage
        self.answer = answer
        timeline = Timeline(span)
    }

    public mutating func add(_ recorded: Recorded) {
        connects += 1
        verdicts[recorded.connection.judgement.verdict, default: 0] += 1
        firstTime = firstTime ?? recorded.time
        lastTime = recorded.time
        if answer?.ranking.isEmpty ?? true || answer?.best[recorded.sender] != nil {
            rowCount += 1
            if rows.count < Self.rowLimit { rows.append(recorded) }
        }
        guard senders[recorded.sender] != nil || senders.count < Self.senderLimit else {
            others += 1
            return
        }
        senders[recorded.sender, default: NoteSender(recorded)].note(recorded)
        timeline.note(recorded.time, sender: recorded.sender)
    }

    /// First those that the complaint is about, then those that are an alarm, then those with the most connections.
    var order: [Int64] {
        let rank = Dictionary(
            (answer?.ranking ?? []).enumerated().map { ($1.sender, $0) }, uniquingKeysWith: { first, _ in first })
        return senders.sorted { a, b in
            let (first, second) = (rank[a.key] ?? .max, rank[b.key] ?? .max)
            if first != second { return first < second }
            if a.value.isAlarm != b.value.isAlarm { return a.value.isAlarm }
            return (a.value.connects, a.key) > (b.value.connects, b.key)
        }.map(\.key)
    }
}
