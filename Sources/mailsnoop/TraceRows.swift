internal import CLinux
internal import HostFacts
internal import MailWatch
internal import Reports

/// Turns changes of connections into rows, and holds a few until they are flushed.
final class TraceRows {
    /// A table line waits for the dialogue at most so many ns: a server that delays its greeting takes 5 s and more.
    private static let patience: UInt64 = 10_000_000_000

    let format: TraceCommand.Format
    var clock = WallClock()
    /// Of all changes, whether they get a row or not.
    private(set) var ledger = Ledger()
    private let output: Output
    private let sink: Sink
    private var table: TableReport
    private var csv = CSVReport()
    private var json = JSONReport(host: Host.name)
    private var detail: DetailReport
    private var text: [UInt8] = []
    private var count = 0
    /// The connections without a row. The queue, in the order of their connects, also has those that got one since,
    /// and not those that are overdue and may yet get a wanted verdict.
    private var undecided: [UInt64: Connection] = [:]
    private let wanted: Set<Verdict>
    private let name: (IPAddress) -> [UInt8]?
    private var queue: [(time: UInt64, id: UInt64)] = []

    /// - Parameters:
    ///   - terminal: where the output goes; the table fits into it if it is a terminal.
    ///   - wanted: the verdicts that get a row; empty all.
    ///   - name: of a destination by reverse DNS; nil where it is not known.
    init(
        format: TraceCommand.Format, output: Output, terminal: Int32, wanted: Set<Verdict>,
        name: @escaping (IPAddress) -> [UInt8]?
    ) {
        self.format = format
        self.wanted = wanted
        self.name = name
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

    /// Table and detail: a row when enough was said, at the end or when it is overdue. CSV and JSON: a row at the end.
    func take(_ change: Tracker.Change) {
        ledger.note(change)
        let connection = change.connection
        let waits = format == .table || format == .detail
        switch change {
        case .opened where connection.state.hasEnded: write(connection)
        case .opened:
            guard waits else { return }
            undecided[connection.id] = connection
            queue.append((connection.connectTime, connection.id))
        case .established, .spoke:
            guard waits, undecided[connection.id] != nil else { return }
            let isDue = isTold(connection) && isWanted(connection)
            undecided[connection.id] = isDue ? nil : connection
            if isDue { write(connection) }
        case .ended:
            if !waits || undecided.removeValue(forKey: connection.id) != nil { write(connection) }
        }
    }

    /// Writes the lines of connects that have waited long enough.
    func decideOverdue() { decide(upTo: WallClock.uptime &- Self.patience) }

    /// Writes what was still open at the end of the trace.
    func close(_ open: [Connection]) {
        switch format {
        case .table, .detail:
            for connection in undecided.values.sorted(by: { $0.connectTime < $1.connectTime }) { write(connection) }
            undecided = [:]
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
            guard let connection = undecided[id], isWanted(connection) else { continue }
            undecided[id] = nil
            write(connection)
        }
        queue.removeFirst(due)
    }

    private func isWanted(_ connection: Connection) -> Bool {
        wanted.isEmpty || wanted.contains(connection.judgement.verdict)
    }

    /// Whether what follows adds little: the table has room for the EHLO's verdict, the detail also tells the recipient.
    private func isTold(_ connection: Connection) -> Bool {
        guard let dialogue = connection.dialogue, connection.judgement.verdict != .unknown else { return false }
        return dialogue.isEncrypted || (format == .table ? dialogue.sender : dialogue.recipient) != nil
    }

    private func write(_ connection: Connection) {
        guard isWanted(connection) else { return }
        let name = name(connection.destination.address) ?? []
        switch format {
        case .table: table.append(connection, name: name, clock: clock, to: &text)
        case .csv: csv.append(connection, name: name, clock: clock, to: &text)
        case .detail: detail.append(connection, name: name, clock: clock, to: &text)
        case .json: json.append(connection, name: name, clock: clock, to: &text)
        }
        count += 1
        // A storm, or what is open at the end, may be far more than shall be in memory raw.
        if text.count >= Backlog.blockSize { flush() }
    }
}
