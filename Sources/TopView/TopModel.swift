public import MailWatch
internal import Reports

/// What the live view shows, apart from how it gets to the terminal.
public struct TopModel: Sendable {
    public var ledger: Ledger
    public var losses: Losses
    public var openConnections: Int
    public let host: String
    public let hook: String

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

        var lines = [head, counts, []]
        lines.append(
            row(
                ["LAST", "CONNECTS", "FAILED", "DESTS", "USER", "STATE", "DESTINATION", "COMMAND"].map {
                    Array($0.utf8)
                }, columns, sink))
        for record in ledger.mostRecent(max(rows - lines.count - 1, 0)) {
            lines.append(row(cells(record, clock, sink), columns, sink))
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

    private func cells(_ record: SenderRecord, _ clock: WallClock, _ sink: Sink) -> [[UInt8]] {
        var last: [UInt8] = []
        Timestamp.append(clockOf: clock.wallTime(record.last.connectTime), to: &last)
        var user: [UInt8] = []
        Escaping.append(record.user, to: &user, for: sink)
        var destination: [UInt8] = []
        record.last.destination.append(to: &destination)
        var command: [UInt8] = []
        Escaping.append(record.last.process.commandLine, to: &command, for: sink)
        let destinations = record.destinations.count
        return [
            last, Array(String(record.connects).utf8), Array(String(record.failed).utf8),
            Array((destinations < SenderRecord.destinationLimit ? "\(destinations)" : "\(destinations)+").utf8), user,
            Array(record.last.state.rawValue.utf8), destination, command,
        ]
    }

    /// Numbers to the right, text to the left, the command takes the rest.
    private func row(_ cells: [[UInt8]], _ columns: Int, _ sink: Sink) -> [UInt8] {
        let widths = [8, 8, 6, 5, 10, 11, columns >= 110 ? 28 : 21]
        var line: [UInt8] = []
        var used = 0
        for (index, cell) in cells.enumerated() {
            let width = index < widths.count ? widths[index] : max(columns - used, 1)
            var text: [UInt8] = []
            let blanks = [UInt8](
                repeating: UInt8(ascii: " "), count: width - Cell.append(cell, width: width, sink: sink, to: &text))
            if index == cells.count - 1 {
                line += text
            } else {
                line += (1...3).contains(index) ? blanks + text : text + blanks
                line.append(UInt8(ascii: " "))
            }
            used += width + 1
        }
        return line
    }
}
