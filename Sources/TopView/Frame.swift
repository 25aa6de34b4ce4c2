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
