/// For how much of some times a recorder ran. Times are in ns since the epoch.
public struct Coverage: Sendable, Equatable {
    /// A recorder with nothing to write says each five seconds that it goes on: less than this is no gap.
    static let blur: UInt64 = 6_000_000_000

    /// The recorders that ran in it, the oldest first.
    public let runs: [HistoryRun]
    /// When none ran.
    public let gaps: [Range<UInt64>]
    /// The last one that ended before it, and the first one that was started after it.
    public let before: HistoryRun?
    public let after: HistoryRun?

    /// - Parameters:
    ///   - times: in order, without overlap.
    ///   - runs: all that are known, the oldest first.
    init(of times: [Range<UInt64>], runs: [HistoryRun]) {
        self.runs = runs.filter { run in times.contains { run.start < $0.upperBound && run.end > $0.lowerBound } }
        gaps = times.flatMap { Self.gaps(in: $0, runs) }
        before = runs.last { run in times.first.map { run.end <= $0.lowerBound } ?? false }
        after = runs.first { run in times.last.map { run.start >= $0.upperBound } ?? false }
    }

    private static func gaps(in time: Range<UInt64>, _ runs: [HistoryRun]) -> [Range<UInt64>] {
        var gaps: [Range<UInt64>] = []
        var known = time.lowerBound
        for run in runs where run.end > known && run.start < time.upperBound {
            if run.start > known, run.start - known > blur { gaps.append(known..<run.start) }
            known = run.end
        }
        if known < time.upperBound, time.upperBound - known > blur { gaps.append(known..<time.upperBound) }
        return gaps
    }
}

extension HistoryRun {
    /// For one that goes on, later than all.
    var end: UInt64 { isRunning ? .max : latest }
}
