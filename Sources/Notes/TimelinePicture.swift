internal import Complaints
internal import History
internal import Reports

/// What a picture of the timeline shows: the senders with the most connections, and the others together.
struct TimelinePicture {
    struct Series {
        /// A letter by which it is told apart without colour.
        let mark: String
        let name: [Span]
        let counts: [Int]
    }

    private static let letters = ["A", "B", "C", "D", "E", "F"]

    /// ns since the epoch: where the first bin begins, and how wide each is.
    let start: UInt64
    let width: UInt64
    let series: [Series]
    /// The times that were complained of, as far as they lie in it.
    let marks: [UInt64]
    let count: Int

    /// Nil where there is nothing to show.
    init?(_ note: IncidentNote) {
        guard note.connects > 0, let start = note.timeline.start else { return nil }
        let timeline = note.timeline
        let count = timeline.count
        func counts(_ id: Int64) -> [Int] {
            let bins = timeline.bins[id] ?? []
            return bins + [Int](repeating: 0, count: count - bins.count)
        }
        let order = note.order
        var series = zip(Self.letters, order).map { letter, id in
            Series(mark: letter, name: note.senders[id].map { $0.sender.spans } ?? [], counts: counts(id))
        }
        let rest = order.dropFirst(Self.letters.count)
        if !rest.isEmpty {
            let sum = rest.reduce([Int](repeating: 0, count: count)) { zip($0, counts($1)).map(+) }
            series.append(Series(mark: "+", name: [.own("\(rest.count) other senders")], counts: sum))
        }
        self.start = start
        self.width = timeline.width
        self.series = series
        self.count = count
        let end = start + timeline.width * UInt64(count)
        marks = (note.answer?.complaint.times ?? []).map(\.value.time).filter { (start..<end).contains($0) }
    }

    /// Of one bin, all series together.
    func total(_ bin: Int) -> Int { series.reduce(0) { $0 + $1.counts[bin] } }

    var highest: Int { (0..<count).lazy.map(total).max() ?? 0 }

    /// The bins with the most connections, at most ten, in the order of time.
    var busiest: [Int] {
        (0..<count).filter { total($0) > 0 }.sorted { (total($0), $1) > (total($1), $0) }.prefix(10).sorted()
    }

    func time(of bin: Int) -> String { Timestamp.seconds(start + UInt64(bin) * width) }

    /// `1 minute`
    var step: String {
        let minutes = width / 60_000_000_000
        return minutes == 1 ? "1 minute" : "\(minutes) minutes"
    }
}
