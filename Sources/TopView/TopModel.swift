public import MailWatch
internal import Reports

/// What the live view shows, apart from how it gets to the terminal.
public struct TopModel {
    public var ledger: Ledger
    public var losses: Losses
    public var openConnections: Int
    public let host: String
    public let hook: String
    /// Senders that had one of these are shown; empty shows all.
    public var wanted: Set<Verdict> = []
    /// Of a destination by reverse DNS; nil where it is not known.
    public var name: (IPAddress) -> [UInt8]? = { _ in nil }

    public init(ledger: Ledger, losses: Losses, openConnections: Int, host: String, hook: String) {
        self.ledger = ledger
        self.losses = losses
        self.openConnections = openConnections
        self.host = host
        self.hook = hook
    }

    /// The lines of a screen of that size: the senders that connected last stand first.
    public func lines(columns: Int, rows: Int, clock: WallClock, now: UInt64, sink: Sink) -> [[UInt8]] {
        var head = Array("mailsnoop  ".utf8)
        Escaping.append(host, to: &head, for: sink)
        head.append("  " as StaticString)
        Timestamp.append(clockOf: now, to: &head)
        head.append("  hook \(hook)")
        var counts = Array("\(ledger.connects) connects, \(openConnections) open, \(ledger.senderCount) senders".utf8)
        if ledger.others > 0 { counts.append(", \(ledger.others) connects of senders not listed") }
        counts.append(losses.total == 0 ? ", lost nothing" : ", LOST \(losses.total)")

        var lines = [head, counts, Array(verdictText(ledger.verdicts).utf8)]
        let table = Columns(width: columns, sink: sink)
        lines.append(table.row(Columns.titles))
        for record in ledger.mostRecent(max(rows - lines.count - 1, 0), where: isWanted) {
            lines.append(table.row(cells(record, table, clock, sink)))
        }
        if ledger.senderCount == 0 { lines.append(Array("nothing has connected to a watched port yet".utf8)) }
        let help = Array("q quits".utf8)
        while lines.count < rows - 1 { lines.append([]) }
        if lines.count < rows { lines.append(help) }
        return lines.prefix(rows).map { line in
            var cut: [UInt8] = []
            Cell.append(line, width: columns, sink: sink, to: &cut)
            return cut
        }
    }

    private func isWanted(_ record: SenderRecord) -> Bool {
        wanted.isEmpty || record.verdicts.keys.contains(where: wanted.contains)
    }

    private func cells(_ record: SenderRecord, _ table: Columns, _ clock: WallClock, _ sink: Sink) -> [[UInt8]] {
        var last: [UInt8] = []
        Timestamp.append(clockOf: clock.wallTime(record.last.connectTime), to: &last)
        var user: [UInt8] = []
        Escaping.append(record.user, to: &user, for: sink)
        var destination: [UInt8] = []
        if record.last.state == .handedOver {
            destination.append("local mail server" as StaticString)
        } else {
            record.last.destination.append(to: &destination)
            if table.hasNames, let name = name(record.last.destination.address) {
                destination.append(UInt8(ascii: " "))
                Escaping.append(name, to: &destination, for: sink)
            }
        }
        var hello: [UInt8] = []
        Escaping.append(record.last.dialogue?.helloName ?? [], to: &hello, for: sink)
        var command: [UInt8] = []
        Escaping.append(ScriptText.who(record.last), to: &command, for: sink)
        let destinations = record.destinations.count
        return [
            last, Array(String(record.connects).utf8), Array(String(record.failed).utf8),
            Array((destinations < SenderRecord.destinationLimit ? "\(destinations)" : "\(destinations)+").utf8), user,
            Array(record.last.judgement.verdict.rawValue.utf8), Array(record.last.state.rawValue.utf8), destination,
            hello, command,
        ]
    }
}

/// Where the columns stand: numbers to the right, text to the left, the last takes the rest.
private struct Columns {
    static let titles = [
        "LAST", "CONNECTS", "FAILED", "DESTS", "USER", "VERDICT", "STATE", "DESTINATION", "EHLO", "SCRIPT OR COMMAND",
    ].map { Array($0.utf8) }
    private static let numbers = 1...3

    /// 0 leaves the column out.
    private let widths: [Int]
    private let sink: Sink
    /// Whether there is room for the names of destinations.
    let hasNames: Bool

    init(width: Int, sink: Sink) {
        self.sink = sink
        hasNames = width >= 160
        // From 120 columns on there is room for failures, the state and most IPv6 addresses; from 160 on for EHLO.
        var widths =
            switch width {
            case 160...: [8, 8, 6, 5, 12, 9, 11, 40, 20]
            case 120...: [8, 8, 6, 5, 12, 9, 11, 28, 0]
            default: [8, 8, 0, 5, 8, 9, 0, 21, 0]
            }
        widths.append(max(width - widths.reduce(0) { $0 + ($1 > 0 ? $1 + 1 : 0) }, 1))
        self.widths = widths
    }

    func row(_ cells: [[UInt8]]) -> [UInt8] {
        var line: [UInt8] = []
        for (index, (cell, width)) in zip(cells, widths).enumerated() where width > 0 {
            if index > 0 { line.append(UInt8(ascii: " ")) }
            var text: [UInt8] = []
            let used = Cell.append(cell, width: width, sink: sink, to: &text)
            let blanks = [UInt8](repeating: UInt8(ascii: " "), count: width - used)
            line += Self.numbers.contains(index) ? blanks + text : text + blanks
        }
        return line
    }
}
