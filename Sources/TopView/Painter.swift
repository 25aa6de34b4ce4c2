internal import MailWatch
internal import Reports

/// Puts a frame together, from its head to its foot.
struct Painter {
    let scene: Scene
    let columns: Int
    private let sink: Sink
    private let rows: Int
    private(set) var frame = Frame()

    init(scene: Scene, sink: Sink, columns: Int, rows: Int) {
        self.scene = scene
        self.sink = sink
        self.columns = max(columns, 1)
        self.rows = max(rows, 1)
    }

    /// Lines above the last one that are still empty.
    var room: Int { max(rows - 1 - frame.lines.count, 0) }

    mutating func head(isPaused: Bool) {
        var title: [UInt8] = Array("mailsnoop  ".utf8)
        Escaping.append(scene.host, to: &title, for: sink)
        title.append("  " as StaticString)
        Timestamp.append(clockOf: scene.now, to: &title)
        if isPaused { title.append("  PAUSED" as StaticString) }
        title.append("  " as StaticString)
        Escaping.append(scene.source, to: &title, for: sink)
        bar(title, .bar)

        let series = scene.board.meter.series(until: scene.uptime)
        // The last step has not ended.
        let lately = Double(series.dropLast().suffix(2).reduce(0, +) + (series.last ?? 0)) / 10
        var rate: [Span] = [
            Span("\(scene.board.connects) connects", .strong),
            Span(", \(scene.openCount) open, \(Self.rounded(lately))/s "), Span(sparkline(series), .key),
            Span(columns >= 120 ? " 5 min, " : " 2 min, "),
        ]
        rate.append(
            scene.losses.total == 0 ? Span("lost nothing") : Span("LOST \(scene.losses.total)", .alarm))
        line(rate)

        var counts: [Span] = []
        for verdict in Verdict.byUrgency {
            guard let count = scene.board.verdicts[verdict] else { continue }
            if !counts.isEmpty { counts.append(Span("  ")) }
            let mark = verdict == .directMX ? "! " : ""
            counts.append(Span("\(mark)\(count) \(verdict.rawValue)", .of(verdict)))
        }
        line(counts)
    }

    mutating func state(_ text: String, of label: [UInt8] = [], _ more: String = "") {
        line([Span(text, .faint), Span(label, .strong), Span(more, .faint)])
    }

    mutating func titles(_ text: [UInt8]) { bar(text, .bar) }

    mutating func row(_ text: [UInt8], isSelected: Bool, verdict: Verdict) {
        var style = verdict == .directMX ? Style.of(verdict) : .plain
        style.isReverse = isSelected
        if isSelected { bar(text, style) } else { line([Span(text, style)]) }
    }

    mutating func note(_ text: String) { line([Span(text, .faint)]) }

    /// Shows wrapped lines from one of them on. Returns from which, as none is behind the end.
    mutating func text(_ lines: [[UInt8]], from first: Int) -> Int {
        let wrapped = lines.flatMap { wrap($0) }
        let first = min(first, max(wrapped.count - room, 0))
        let isWhole = wrapped.count - first <= room
        for text in wrapped[first...].prefix(max(room - (isWhole ? 0 : 1), 0)) { line([Span(text)]) }
        if !isWhole { line([Span("\(sink == .ascii ? "..." : "\u{2026}") Down shows more", .faint)]) }
        return first
    }

    mutating func prompt(_ title: String, _ input: String, _ help: String) {
        fill()
        var shown: [UInt8] = []
        Escaping.append(input, to: &shown, for: sink)
        var text: [UInt8] = []
        Cell.append(shown, width: max(columns - title.utf8.count - 1, 1), keepsEnd: true, sink: sink, to: &text)
        let spans = [Span(title, .key), Span(text)]
        let column = spans.width
        last(spans + [Span("   \(help)", .faint)])
        frame.cursor = (frame.lines.count - 1, min(column, columns - 1))
    }

    mutating func message(_ text: String) {
        fill()
        last([Span(text, .caution)])
    }

    /// As many keys as there is room for.
    mutating func keys(_ keys: [(String, String)]) {
        fill()
        var spans: [Span] = []
        for (key, text) in keys {
            let more = [Span(spans.isEmpty ? "" : "  "), Span(key, .key), Span(" \(text)")]
            guard (spans + more).width <= columns else { break }
            spans += more
        }
        last(spans)
    }

    private mutating func fill() { while frame.lines.count < rows - 1 { frame.lines.append([]) } }

    /// A line in one style, over the whole width.
    private mutating func bar(_ text: [UInt8], _ style: Style) {
        let rest = max(columns - Escaping.width(text), 0)
        line([Span(text + [UInt8](repeating: 0x20, count: rest), style)])
    }

    /// The last line is there on any screen.
    private mutating func last(_ spans: [Span]) {
        frame.lines = Array(frame.lines.prefix(rows - 1))
        frame.lines.append(spans.cut(to: columns, sink: sink))
    }

    private mutating func line(_ spans: [Span]) {
        guard frame.lines.count < rows - 1 else { return }
        frame.lines.append(spans.cut(to: columns, sink: sink))
    }

    /// Eight heights: none, and seven by the highest count.
    private func sparkline(_ series: [UInt32]) -> String {
        let shown = columns >= 120 ? series : Array(series.suffix(24))
        let top = max(shown.max() ?? 0, 1)
        let marks = Array(sink == .ascii ? "_.,-=+*#" : "▁▂▃▄▅▆▇█")
        return String(shown.map { marks[$0 == 0 ? 0 : 1 + Int($0) * 6 / Int(top)] })
    }

    private static func rounded(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths >= 1000 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    /// Breaks a line at blanks where it is too long; what follows stands below its text.
    private func wrap(_ text: [UInt8]) -> [[UInt8]] {
        if Escaping.width(text) <= columns { return [text] }
        let indent = text.first == 0x20 ? min(12, columns / 3) : 0
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var used = 0
        func isFresh() -> Bool { lines.isEmpty ? line.isEmpty : line.count <= indent }
        func take(_ piece: [UInt8], _ width: Int) {
            line += piece
            used += width
        }
        func breakLine() {
            while line.last == 0x20, line.count > indent { line.removeLast() }
            lines.append(line)
            line = [UInt8](repeating: 0x20, count: indent)
            used = indent
        }
        for word in Self.words(text) {
            if used + Escaping.width(word) > columns, !isFresh() { breakLine() }
            let word = isFresh() && !lines.isEmpty ? Array(word.drop { $0 == 0x20 }) : word
            if used + Escaping.width(word) <= columns {
                take(word, Escaping.width(word))
                continue
            }
            for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
                let width = Escaping.width(scalar)
                if used + width > columns, !isFresh() { breakLine() }
                take(Array(String(scalar).utf8), width)
            }
        }
        return lines + [line]
    }

    /// Words with the blanks in front of them.
    private static func words(_ text: [UInt8]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        for byte in text {
            if let last = words.last, byte != 0x20 || last.allSatisfy({ $0 == 0x20 }) {
                words[words.count - 1].append(byte)
            } else {
                words.append([byte])
            }
        }
        return words
    }
}
