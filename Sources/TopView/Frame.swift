internal import MailWatch
internal import Reports

/// How text stands on the screen. None says anything that the text does not.
public struct Style: Sendable, Equatable {
    /// The colors of curses.h; 0 is the terminal's own.
    public enum Color: Int, Sendable {
        case own = 0
        case red = 1
        case green = 2
        case yellow = 3
        case cyan = 6
    }

    public var color = Color.own
    public var isBold = false
    public var isReverse = false
    public var isDim = false

    static let plain = Style()
    static let strong = Style(isBold: true)
    static let bar = Style(isReverse: true)
    static let faint = Style(isDim: true)
    static let alarm = Style(color: .red, isBold: true)
    static let caution = Style(color: .yellow)
    static let good = Style(color: .green)
    static let key = Style(color: .cyan, isBold: true)

    static func of(_ verdict: Verdict) -> Style {
        switch verdict {
        case .directMX: alarm
        case .unknown, .probe: caution
        case .mta, .local, .smarthost: good
        }
    }
}

/// Text in one style, escaped.
public struct Span: Sendable, Equatable {
    public var text: [UInt8]
    public var style: Style

    init(_ text: [UInt8], _ style: Style = .plain) {
        self.text = text
        self.style = style
    }

    init(_ text: String, _ style: Style = .plain) { self.init(Array(text.utf8), style) }
}

/// What a screen shows: a line of spans for each of its rows, none wider than the screen.
public struct Frame: Sendable, Equatable {
    public internal(set) var lines: [[Span]] = []
    /// Where the cursor is seen, while something is typed.
    public internal(set) var cursor: (row: Int, column: Int)?

    public static func == (a: Frame, b: Frame) -> Bool {
        a.lines == b.lines && a.cursor?.row == b.cursor?.row && a.cursor?.column == b.cursor?.column
    }

    /// The lines without their styles.
    public var text: [[UInt8]] { lines.map { $0.flatMap(\.text) } }
}

extension [Span] {
    var width: Int { reduce(0) { $0 + Escaping.width($1.text) } }

    /// Cut to the width, with an ellipsis where something is missing.
    func cut(to width: Int, sink: Sink) -> [Span] {
        var left = width
        var cut: [Span] = []
        for (index, span) in enumerated() {
            // What follows needs a column for its ellipsis at least.
            let isLast = self[(index + 1)...].allSatisfy(\.text.isEmpty)
            let taken = Escaping.width(span.text)
            if taken < left || taken == left && isLast {
                cut.append(span)
                left -= taken
                continue
            }
            var text: [UInt8] = []
            Cell.append(span.text + (isLast ? [] : [0x20, 0x20]), width: left, sink: sink, to: &text)
            cut.append(Span(text, span.style))
            break
        }
        return cut
    }
}
