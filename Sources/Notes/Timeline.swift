/// How many connections began when, by sender: a bounded number of bins of equal width, which grows as it has to.
struct Timeline {
    static let limit = 240
    private static let minute: UInt64 = 60_000_000_000

    /// ns since the epoch: where the first bin begins.
    private(set) var start: UInt64?
    /// ns.
    private(set) var width = Self.minute
    private(set) var bins: [Int64: [Int]] = [:]

    /// Bins that there are in any case.
    private let least: Int

    /// - Parameter span: what is shown whole where it is short enough, in ns since the epoch; else from the first connection
    ///   to the last.
    init(_ span: Range<UInt64>) {
        let first = span.lowerBound - span.lowerBound % Self.minute
        let minutes = (span.upperBound - first + Self.minute - 1) / Self.minute
        start = minutes <= UInt64(Self.limit) ? first : nil
        least = start == nil ? 0 : Int(minutes)
    }

    /// Of all senders together.
    var count: Int { max(bins.values.lazy.map(\.count).max() ?? 0, least) }

    /// - Parameter time: ns since the epoch. One before the first is counted in the first bin.
    mutating func note(_ time: UInt64, sender: Int64) {
        let start = start ?? time - time % Self.minute
        self.start = start
        var index = (max(time, start) - start) / width
        while index >= UInt64(Self.limit) {
            width *= 2
            bins = bins.mapValues { Self.halved($0) }
            index = (max(time, start) - start) / width
        }
        var row = bins[sender] ?? []
        while row.count <= Int(index) { row.append(0) }
        row[Int(index)] += 1
        bins[sender] = row
    }

    private static func halved(_ bins: [Int]) -> [Int] {
        stride(from: 0, to: bins.count, by: 2).map { bins[$0] + ($0 + 1 < bins.count ? bins[$0 + 1] : 0) }
    }
}
