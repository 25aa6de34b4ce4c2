internal import Complaints
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch

/// What was recorded, held against a complaint. Times are in ns since the epoch.
struct ComplaintSearch {
    let complaint: Complaint
    /// What was searched, in order, without overlap.
    let windows: [Range<UInt64>]
    let coverage: Coverage
    /// The best first.
    let ranking: [RankedSender]
    /// The best connection of each sender, by `RankedSender.sender`.
    let best: [Int64: Recorded]
    /// Where nobody was sending at that time: who did within half a day.
    let neighbours: [HistorySenderRecord]

    /// - Parameters:
    ///   - complaint: one without a time is held against all that is recorded.
    ///   - destinations: further addresses of those who received it.
    init(_ complaint: Complaint, in reader: HistoryReader, destinations: Set<IPAddress> = []) throws {
        var matcher = Matcher(complaint, destinations: destinations)
        var best: [Int64: Recorded] = [:]
        let windows = Self.merged(matcher.windows)
        do {
            // One that lasts may have begun before the time that is complained of.
            for time in Self.merged(matcher.windows, before: Self.longestDelivery) {
                try reader.connections(in: time) { recorded in
                    if matcher.consider(Candidate(recorded)) { best[recorded.sender] = recorded }
                    return true
                }
            }
            coverage = try reader.coverage(of: windows)
            ranking = matcher.ranking
            neighbours =
                ranking.isEmpty
                ? try Self.merged(matcher.windows, before: Self.halfDay, behind: Self.halfDay).flatMap {
                    try reader.senders(in: $0)
                } : []
        } catch let error as HistoryError {
            throw Failure.history(error)
        }
        self.complaint = complaint
        self.windows = windows
        self.best = best
    }

    /// Those that nothing speaks against.
    var answers: ArraySlice<RankedSender> { ranking.prefix { $0.best.standing > .contradicted } }

    /// An hour, in ns: a delivery that takes longer is not found by its end.
    private static let longestDelivery: UInt64 = 3_600_000_000_000

    /// 12 hours, in ns.
    private static let halfDay: UInt64 = 43_200_000_000_000

    private static func merged(
        _ windows: [ClosedRange<UInt64>], before lead: UInt64 = 0, behind trail: UInt64 = 0
    ) -> [Range<UInt64>] {
        guard !windows.isEmpty else { return [0..<UInt64(Int64.max)] }
        var merged: [Range<UInt64>] = []
        for window in windows.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            let last = UInt64(Int64.max)
            let end = min(window.upperBound, last - 1 - trail) + 1 + trail
            let start = min(window.lowerBound - min(window.lowerBound, lead), end)
            if let before = merged.last, start <= before.upperBound {
                merged[merged.count - 1] = before.lowerBound..<max(before.upperBound, end)
            } else {
                merged.append(start..<end)
            }
        }
        return merged
    }
}

extension Candidate {
    init(_ recorded: Recorded) {
        let connection = recorded.connection
        self.init(
            id: recorded.key, sender: recorded.sender, time: recorded.time, source: connection.source,
            destination: connection.destination)
        endTime = connection.endTime.map(recorded.clock.wallTime)
        destinationName = recorded.name
        hello = connection.dialogue?.helloName
        mailFrom = connection.dialogue?.sender
        rcptTo = connection.dialogue?.recipient
        verdict = connection.judgement.verdict
    }
}

extension Complaint {
    /// What was received.
    ///
    /// - Parameter path: `-` is stdin.
    init(path: String) throws {
        guard let bytes = readFile(path == "-" ? "/dev/stdin" : path, limit: Complaint.sizeLimit + 1) else {
            throw Failure.cannotRead(path)
        }
        self.init(bytes, ownAddresses: HostIdentity.current.addresses)
        if isRefused {
            throw Failure(
                description: """
                    \(Escaping.text(path)) is JSON nested deeper than 32 levels, or of more than 10000 values. Give only \
                    the report itself.
                    """, exitStatus: EX_DATAERR)
        }
    }

    /// The addresses of those who received it, by DNS.
    var receivers: Set<IPAddress> {
        (recipientDomain.map(MailHosts.addresses(ofDomain:)) ?? []).union(
            receivingHost.map { MailHosts.addresses(ofHost: $0.value) } ?? [])
    }
}
