import Testing
import TopView

struct ScreenTests {
    @Test func frameHasNoControlsButItsOwn() {
        var frame = String(decoding: Screen.frame(["head", "", "last"].map { Array($0.utf8) }), as: UTF8.self)
        for own in ["\u{1B}[H", "\u{1B}[K", "\u{1B}[J", "\r\n"] { frame = frame.split(separator: own).joined() }
        #expect(frame == "headlast")
    }

    @Test func frameReplacesWhatWasThere() {
        var terminal = Grid(columns: 11, rows: 5)
        terminal.show(Screen.frame([[UInt8]](repeating: [UInt8](repeating: UInt8(ascii: "x"), count: 10), count: 5)))
        terminal.show(Screen.frame(["abc", "", "de"].map { Array($0.utf8) }))
        #expect(terminal.lines == ["abc", "", "de", "", ""])
    }

    /// A terminal waits in the last column of a line that is full: to erase from there on takes its last character.
    @Test func fullLinesStayWhole() {
        var terminal = Grid(columns: 7, rows: 3)
        let lines = ["0123456", "abcdef~", "7654321"]
        terminal.show(Screen.frame(lines.map { Array($0.utf8) }))
        #expect(terminal.lines == lines)
    }
}

/// As much of an xterm as a frame needs. ASCII only.
private struct Grid {
    private let columns: Int
    private var cells: [[Character]]
    private var (row, column) = (0, 0)
    private var wrapsNext = false

    init(columns: Int, rows: Int) {
        self.columns = columns
        cells = [[Character]](repeating: [Character](repeating: " ", count: columns), count: rows)
    }

    var lines: [String] {
        cells.map { cells in
            let end = cells.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0
            return String(cells[..<end])
        }
    }

    mutating func show(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x0D: (column, wrapsNext) = (0, false)
            case 0x0A: newLine()
            case 0x1B:
                rest = rest.dropFirst(1)
                act(rest.popFirst())
            default: put(Character(Unicode.Scalar(byte)))
            }
        }
    }

    private mutating func newLine() {
        if row + 1 < cells.count {
            row += 1
        } else {
            cells.removeFirst()
            cells.append([Character](repeating: " ", count: columns))
        }
    }

    private mutating func put(_ character: Character) {
        if wrapsNext {
            (column, wrapsNext) = (0, false)
            newLine()
        }
        cells[row][column] = character
        if column + 1 < columns { column += 1 } else { wrapsNext = true }
    }

    private mutating func act(_ command: UInt8?) {
        switch command {
        case UInt8(ascii: "H"): (row, column, wrapsNext) = (0, 0, false)
        case UInt8(ascii: "K"): eraseLine()
        case UInt8(ascii: "J"):
            eraseLine()
            for below in cells.indices where below > row {
                cells[below] = [Character](repeating: " ", count: columns)
            }
        default: cells[row] = Array("not an expected sequence")
        }
    }

    private mutating func eraseLine() { for cell in column..<columns { cells[row][cell] = " " } }
}
