internal import CLinux
internal import HostFacts
internal import MailWatch
internal import Reports

/// Turns changes of connections into rows, and holds a few until they are flushed.
final class TraceRows {
    /// A table line waits for the outcome at most so many ns.
    private static let patience: UInt64 = 3_000_000_000

    let format: TraceCommand.Format
    var clock = WallClock()
    private let output: Output
    private let sink: Sink
    private var table: TableReport
    private var csv = CSVReport()
    private var json = JSONReport(host: Host.name)
    private var detail: DetailReport
    private var text: [UInt8] = []
    private var count = 0
    /// The connections without an outcome. The queue, in the order of their connects, also has those that got
    /// one since.
    private var undecided: [UInt64: Connection] = [:]
    private var queue: [(time: UInt64, id: UInt64)] = []

    /// - Parameter terminal: where the output goes; the table fits into it if it is a terminal.
    init(format: TraceCommand.Format, output: Output, terminal: Int32) {
        self.format = format
        self.output = output
        var columns: Int32 = 0
        var lines: Int32 = 0
        // Both are written only when the terminal has a size.
        let isTerminal = unsafe clinux_window_size(terminal, &columns, &lines)
        sink = isTerminal ? Terminal.sink : .text
        table = TableReport(width: isTerminal ? Int(columns) : nil, sink: sink)
        detail = DetailReport(sink: sink)
    }

    var header: [UInt8] {
        switch format {
        case .table: table.header
        case .csv: CSVReport.header
        case .json, .detail: []
        }
    }

    /// Table and detail: a row when the outcome is known. CSV and JSON: a row at the end.
    func take(_ change: Tracker.Change) {
        switch (change, format) {
        case (.opened(let connection), _) where connection.state.hasEnded: write(connection)
        case (.opened(let connection), .table), (.opened(let connection), .detail):
            undecided[connection.id] = connection
            queue.append((connection.connectTime, connection.id))
        case (.established(let connection), .table), (.ended(let connection), .table),
            (.established(let connection), .detail), (.ended(let connection), .detail):
            if undecided.removeValue(forKey: connection.id) != nil { write(connection) }
        case (.ended(let connection), _): write(connection)
        default: break
        }
    }

    /// Writes the table's lines of connects that have waited long enough for an outcome.
    func decideOverdue() { decide(upTo: WallClock.uptime &- Self.patience) }

    /// Writes what was still open at the end of the trace.
    func close(_ open: [Connection]) {
        switch format {
        case .table, .detail: decide(upTo: .max)
        case .csv, .json: for connection in open { write(connection) }
        }
    }

    func summary(_ summary: Summary) -> [UInt8] {
        switch format {
        case .table, .detail: return summary.text(sink: sink)
        case .csv: return []
        case .json:
            var line: [UInt8] = []
            json.append(summary: summary, time: clock.wallTime(WallClock.uptime), to: &line)
            return line
        }
    }

    func flush() {
        output.write(text, rows: count)
        text.removeAll(keepingCapacity: true)
        count = 0
    }

    private func decide(upTo time: UInt64) {
        let due = queue.firstIndex { $0.time > time } ?? queue.count
        for (_, id) in queue[..<due] {
            if let connection = undecided.removeValue(forKey: id) { write(connection) }
        }
        queue.removeFirst(due)
    }

    private func write(_ connection: Connection) {
        switch format {
        case .table: table.append(connection, clock: clock, to: &text)
        case .csv: csv.append(connection, clock: clock, to: &text)
        case .detail: detail.append(connection, clock: clock, to: &text)
        case .json: json.append(connection, clock: clock, to: &text)
        }
        count += 1
        // A storm, or what is open at the end, may be far more than shall be in memory raw.
        if text.count >= Backlog.blockSize { flush() }
    }
}
