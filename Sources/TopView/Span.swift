internal import MailWatch
internal import Reports

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
