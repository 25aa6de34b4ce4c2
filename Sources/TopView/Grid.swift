internal import MailWatch
internal import Reports

/// Where the columns of a table stand. As many as there is room for, the first ones before all others; the first one is
/// flexible, has at least three tenths of the width, and stands last.
struct Grid<Row> {
    /// The mark of the selected row and that of its verdict, and a blank.
    static var margin: Int { 3 }

    let columns: [(column: Column<Row>, width: Int)]
    private let sink: Sink

    init(_ columns: [Column<Row>], width: Int, sink: Sink) {
        self.sink = sink
        let room = max(width - Self.margin, 1)
        var left = room - max(columns[0].width, room * 3 / 10)
        var widths = [Int](repeating: 0, count: columns.count)
        for index in columns.indices.dropFirst() where columns[index].width + 1 <= left {
            widths[index] = columns[index].width
            left -= columns[index].width + 1
        }
        widths[0] = max(room - widths.dropFirst().reduce(0) { $0 + ($1 > 0 ? $1 + 1 : 0) }, 1)
        // What the first has beyond twice its width it shares with the other flexible ones.
        let flexible = columns.indices.dropFirst().filter { columns[$0].isFlexible && widths[$0] > 0 }
        let spare = max(widths[0] - 2 * columns[0].width, 0)
        for index in flexible {
            let share = min(spare / (flexible.count + 1), columns[index].width)
            widths[index] += share
            widths[0] -= share
        }
        let shown = columns.indices.dropFirst().filter { widths[$0] > 0 } + [0]
        self.columns = shown.map { (columns[$0], widths[$0]) }
    }

    /// - Parameter sorted: title of the column that the rows are sorted by; nil where there is none.
    func titles(sortedBy sorted: String?, isReversed: Bool) -> [UInt8] {
        let arrow = sink == .ascii ? (isReversed ? "^" : "v") : isReversed ? "\u{25B2}" : "\u{25BC}"
        return line(marks: "   ") { column in
            "\(column.title)" == sorted ? Array("\(arrow)\(column.title)".utf8) : Array("\(column.title)".utf8)
        } keepsEnd: { _ in
            false
        }
    }

    func row(_ row: Row, marks: String) -> [UInt8] {
        line(marks: marks) {
            $0.text(row)
        } keepsEnd: {
            $0.keepsEnd(row)
        }
    }

    /// The column that stands there.
    func title(at position: Int) -> String? {
        var end = Self.margin
        for (column, width) in columns {
            end += width + 1
            if position < end { return "\(column.title)" }
        }
        return nil
    }

    private func line(
        marks: String, _ text: (Column<Row>) -> [UInt8], keepsEnd: (Column<Row>) -> Bool
    ) -> [UInt8] {
        var line = Array(marks.utf8)
        for (index, (column, width)) in columns.enumerated() {
            if index > 0 { line.append(UInt8(ascii: " ")) }
            var cell: [UInt8] = []
            let used = Cell.append(text(column), width: width, keepsEnd: keepsEnd(column), sink: sink, to: &cell)
            let blanks = [UInt8](repeating: UInt8(ascii: " "), count: width - used)
            line += column.isNumber ? blanks + cell : cell + blanks
        }
        return line
    }
}
