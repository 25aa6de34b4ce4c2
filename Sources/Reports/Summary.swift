public import MailWatch

/// What a trace saw in all.
public struct Summary: Sendable {
    public var ledger: Ledger
    public var losses: Losses
    /// The hook in use.
    public var hook: String
    /// Connections that had not ended.
    public var stillOpen: Int
    /// Rows that the output was too slow to take.
    public var unwritten: Int
    /// ns.
    public var duration: UInt64

    public init(
        ledger: Ledger, losses: Losses, hook: String, stillOpen: Int, unwritten: Int, duration: UInt64
    ) {
        self.ledger = ledger
        self.losses = losses
        self.hook = hook
        self.stillOpen = stillOpen
        self.unwritten = unwritten
        self.duration = duration
    }

    /// Several lines of text, the senders with the most connects first.
    public func text(senders limit: Int = 20, sink: Sink = .text) -> [UInt8] {
        var text = Array("\n\(ledger.connects) connects in \(duration / 1_000_000_000) s, \(stillOpen) still open".utf8)
        let verdicts = verdictText(ledger.verdicts)
        if !verdicts.isEmpty { text.append(": \(verdicts)") }
        text.append(UInt8(ascii: "\n"))
        let shown = ledger.busiest(limit)
        if !shown.isEmpty {
            text.append("CONNECTS  FAILED  DESTS  USER        SCRIPT OR PROGRAM\n" as StaticString)
            for sender in shown {
                text.append(padded: sender.connects, width: 8)
                text.append(padded: sender.failed, width: 8)
                text.append(padded: sender.destinations.count, width: 7)
                text.append("  " as StaticString)
                var user: [UInt8] = []
                Escaping.append(sender.user, to: &user, for: sink)
                let used = Cell.append(user, width: 11, sink: sink, to: &text)
                text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 12 - used))
                Escaping.append(sender.script.isEmpty ? sender.program : sender.script, to: &text, for: sink)
                text.append(UInt8(ascii: "\n"))
            }
        }
        let rest = ledger.connects - ledger.others - shown.reduce(0) { $0 + $1.connects }
        if rest > 0 || ledger.others > 0 { text.append("and \(rest + ledger.others) connects of other senders\n") }
        text.append("\(losses)")
        if unwritten > 0 { text.append("; the output was too slow for \(unwritten) rows") }
        text.append(UInt8(ascii: "\n"))
        return text
    }
}

extension [UInt8] {
    /// Appends a number to the right of `width` columns.
    mutating func append(padded number: Int, width: Int) {
        let digits = String(number)
        append(contentsOf: repeatElement(UInt8(ascii: " "), count: Swift.max(width - digits.count, 0)))
        append(digits)
    }
}
