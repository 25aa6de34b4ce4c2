public import MailWatch

/// A line a connection for people: 80 columns, and more of it where there are more.
public struct TableReport: Sendable {
    private enum Column {
        case time, pid, user, verdict, state, source, destination, who

        var title: String {
            switch self {
            case .time: "TIME"
            case .pid: "PID"
            case .user: "USER"
            case .verdict: "VERDICT"
            case .state: "STATE"
            case .source: "SOURCE"
            case .destination: "DESTINATION"
            case .who: "SCRIPT OR COMMAND"
            }
        }
    }

    /// Where the columns stand.
    private struct Layout {
        let columns: [(column: Column, width: Int)]
        let sink: Sink
        /// Of the terminal, where that is too narrow for all columns.
        let cut: Int?

        /// Escaped text as a cell: cut or filled up to `width`, and a blank; the last column is not filled.
        func append(_ text: [UInt8], _ column: Column, _ width: Int, to line: inout [UInt8]) {
            let used = Cell.append(text, width: width, sink: sink, to: &line)
            guard column != .who else { return }
            for _ in used...width { line.append(UInt8(ascii: " ")) }
        }

        /// Appends a line of cells, cut to the terminal.
        func append(line cells: [UInt8], to text: inout [UInt8]) {
            if let cut { Cell.append(cells, width: cut, sink: sink, to: &text) } else { text += cells }
            text.append(UInt8(ascii: "\n"))
        }

        /// A cell of bytes that are not escaped yet.
        func cell(escaping bytes: [UInt8], and note: StaticString = "", _ column: Column, _ width: Int) -> [UInt8] {
            var text: [UInt8] = []
            Escaping.append(bytes, to: &text, for: sink)
            text.append(note)
            var cell: [UInt8] = []
            append(text, column, width, to: &cell)
            return cell
        }
    }

    private let layout: Layout
    /// Whether there is room for the names of destinations.
    private let hasNames: Bool
    private var timestamps = TimestampWriter(isLocalClock: true)
    private var users = FragmentCache()
    private var senders = FragmentCache()

    /// - Parameter width: columns of the terminal; nil does not cut the last column.
    public init(width: Int?, sink: Sink = .text) {
        // From 96 columns on there is room for the state, from 120 on for the source and most IPv6 addresses.
        let isWide = width.map { $0 >= 120 } ?? true
        var columns: [(Column, Int)] = [(.time, 8), (.pid, 7), (.user, 10), (.verdict, 9)]
        if width.map({ $0 >= 96 }) ?? true { columns.append((.state, 11)) }
        if isWide { columns.append((.source, 22)) }
        hasNames = width.map { $0 >= 160 } ?? false
        columns.append((.destination, hasNames ? 44 : isWide ? 28 : 21))
        let taken = columns.reduce(0) { $0 + $1.1 + 1 }
        columns.append((.who, width.map { max($0 - taken, 1) } ?? .max))
        layout = Layout(columns: columns, sink: sink, cut: width.flatMap { $0 <= taken ? $0 : nil })
    }

    public var header: [UInt8] {
        var line: [UInt8] = []
        for (column, width) in layout.columns { layout.append(Array(column.title.utf8), column, width, to: &line) }
        var text: [UInt8] = []
        layout.append(line: line, to: &text)
        return text
    }

    /// Appends the line of a connection, with the line end.
    ///
    /// - Parameter name: of the destination, by reverse DNS; empty where it is not known.
    public mutating func append(
        _ connection: Connection, name: [UInt8] = [], clock: WallClock, to lines: inout [UInt8]
    ) {
        let process = connection.process
        let layout = layout
        var line: [UInt8] = []
        for (column, width) in layout.columns {
            var text: [UInt8] = []
            switch column {
            case .time: timestamps.append(clock.wallTime(connection.connectTime), to: &text)
            case .pid: text.append(decimal: UInt64(process.description.pid))
            case .user:
                line += users.fragment(of: process, clock: clock) {
                    layout.cell(escaping: Array(process.user.utf8), column, width)
                }
                continue
            case .verdict: text.append(connection.judgement.verdict.rawValue)
            case .state: text.append(connection.state.rawValue)
            case .source: if connection.source.port != 0 { connection.source.append(to: &text) }
            case .destination:
                if connection.state == .handedOver {
                    text.append("local mail server" as StaticString)
                } else {
                    connection.destination.append(to: &text)
                    if hasNames, !name.isEmpty {
                        text.append(UInt8(ascii: " "))
                        Escaping.append(name, to: &text, for: layout.sink)
                    }
                }
            case .who:
                line += senders.fragment(ofScriptOf: connection, clock: clock) {
                    let note: StaticString = process.description.isExeDeleted ? " (deleted)" : ""
                    return layout.cell(escaping: ScriptText.who(connection), and: note, column, width)
                }
                continue
            }
            layout.append(text, column, width, to: &line)
        }
        layout.append(line: line, to: &lines)
    }
}

/// Cuts escaped text to columns.
public enum Cell {
    /// Appends at most `width` columns of `text`, an ellipsis where it was cut. Returns the columns taken.
    ///
    /// - Parameter keepsEnd: cuts at the front: of a path the end says most.
    @discardableResult
    public static func append(
        _ text: [UInt8], width: Int, keepsEnd: Bool = false, sink: Sink, to line: inout [UInt8]
    ) -> Int {
        // No text is wider than its bytes.
        if text.count <= width, text.allSatisfy({ $0 < 0x80 }) {
            line.append(contentsOf: text)
            return text.count
        }
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        let total = scalars.reduce(0) { $0 + Escaping.width($1) }
        if total <= width {
            line.append(contentsOf: text)
            return total
        }
        guard width > 0 else { return 0 }
        var used = 0
        var kept = scalars[scalars.startIndex..<scalars.startIndex]
        if keepsEnd {
            var start = scalars.endIndex
            while start > scalars.startIndex {
                let before = scalars.index(before: start)
                let next = Escaping.width(scalars[before])
                if used + next > width - 1 { break }
                start = before
                used += next
            }
            kept = scalars[start...]
        } else {
            var end = scalars.startIndex
            while used + Escaping.width(scalars[end]) <= width - 1 {
                used += Escaping.width(scalars[end])
                end = scalars.index(after: end)
            }
            kept = scalars[..<end]
        }
        let ellipsis: StaticString = sink == .ascii ? "~" : "\u{2026}"
        if keepsEnd { line.append(ellipsis) }
        line.append(contentsOf: String(kept).utf8)
        if !keepsEnd { line.append(ellipsis) }
        return used + 1
    }
}
