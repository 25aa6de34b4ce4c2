public import MailWatch

/// A line a connection for people: 80 columns, and more of it where there are more.
public struct TableReport: Sendable {
    private enum Column {
        case time, pid, user, state, source, destination, command

        var title: String {
            switch self {
            case .time: "TIME"
            case .pid: "PID"
            case .user: "USER"
            case .state: "STATE"
            case .source: "SOURCE"
            case .destination: "DESTINATION"
            case .command: "COMMAND"
            }
        }
    }

    private let columns: [(column: Column, width: Int)]
    private let sink: Sink
    /// Columns of the terminal; nil does not cut the command.
    private let width: Int?

    public init(width: Int?, sink: Sink = .text) {
        self.width = width
        self.sink = sink
        // From 110 columns on there is room for the source and whole IPv6 addresses.
        let isWide = width.map { $0 >= 110 } ?? true
        let destination = isWide ? 28 : 21
        var columns: [(Column, Int)] = [(.time, 8), (.pid, 7), (.user, 10), (.state, 11)]
        if isWide { columns.append((.source, 22)) }
        columns.append((.destination, destination))
        let taken = columns.reduce(0) { $0 + $1.1 + 1 }
        columns.append((.command, width.map { max($0 - taken, 1) } ?? .max))
        self.columns = columns
    }

    public var header: [UInt8] {
        var line: [UInt8] = []
        for (column, width) in columns { cell(Array(column.title.utf8), width: width, to: &line) }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// Appends the line of a connection, with the line end.
    public func append(_ connection: Connection, clock: WallClock, to line: inout [UInt8]) {
        for (column, width) in columns {
            var text: [UInt8] = []
            switch column {
            case .time: Timestamp.append(clockOf: clock.wallTime(connection.connectTime), to: &text)
            case .pid: text.append(decimal: UInt64(connection.process.description.pid))
            case .user: Escaping.append(Array(connection.process.user.utf8), to: &text, for: sink)
            case .state: text.append(connection.state.rawValue)
            case .source: if connection.source.port != 0 { connection.source.append(to: &text) }
            case .destination: connection.destination.append(to: &text)
            case .command:
                Escaping.append(connection.process.commandLine, to: &text, for: sink)
                if connection.process.description.isExeDeleted { text.append(" (deleted)" as StaticString) }
            }
            cell(text, width: width, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
    }

    /// Appends escaped text, cut or filled up to `width`, and a blank but for the last column.
    private func cell(_ text: [UInt8], width: Int, to line: inout [UInt8]) {
        let used = append(text, width: width, to: &line)
        if width != columns.last?.width {
            line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: width - used + 1))
        }
    }

    private func append(_ text: [UInt8], width: Int, to line: inout [UInt8]) -> Int {
        Cell.append(text, width: width, sink: sink, to: &line)
    }
}

/// Cuts escaped text to columns.
public enum Cell {
    /// Appends at most `width` columns of `text`, the last one an ellipsis where it was cut. Returns the columns taken.
    @discardableResult
    public static func append(_ text: [UInt8], width: Int, sink: Sink, to line: inout [UInt8]) -> Int {
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
        var used = 0
        for scalar in scalars {
            let next = Escaping.width(scalar)
            if used + next > width - 1 { break }
            line.append(contentsOf: Array(String(scalar).utf8))
            used += next
        }
        if width > 0 {
            if sink == .ascii { line.append(UInt8(ascii: "~")) } else { line.append("\u{2026}" as StaticString) }
            used += 1
        }
        return used
    }
}
