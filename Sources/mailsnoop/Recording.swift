internal import Glibc
internal import MailWatch
internal import Reports

/// A file of lines that JSONReport wrote. Only where they begin is held in memory.
final class Recording {
    struct Line {
        let time: UInt64
        let offset: off_t
        let length: Int
    }

    private static let blockSize = 1 << 20
    /// A longer line is none of a connection.
    private static let lineLimit = 1 << 20

    /// In the order of their connects; at least one.
    private(set) var lines: [Line] = []
    private let file: Int32

    init(_ path: String) throws {
        let shown = Escaping.text(path)
        file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure.cannotRead(path) }
        guard lseek(file, 0, SEEK_END) >= 0 else {
            throw Failure(
                description: "\(shown) is no file that can be read twice. Save it first", exitStatus: EX_USAGE)
        }
        guard index() else { throw Failure.cannotRead(path) }
        guard !lines.isEmpty else {
            throw Failure(
                description: """
                    \(shown) has no connection. Give a file that `mailsnoop trace --format json` or `mailsnoop export \
                    --format json` has written.
                    """, exitStatus: EX_DATAERR)
        }
    }

    deinit { if file >= 0 { close(file) } }

    /// Empty where it cannot be read (any more).
    func text(of line: Line) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: line.length)
        // Reads at most what the array holds.
        let count = unsafe pread(file, &text, text.count, line.offset)
        return count == text.count ? text : []
    }

    /// False, with errno, where it cannot be read.
    private func index() -> Bool {
        // Of a line that is not read to its end yet: its first bytes, where it begins, and how long it is so far.
        var line: [UInt8] = []
        var start: off_t = 0
        var length = 0
        var offset: off_t = 0
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func take(_ bytes: ArraySlice<UInt8>) {
            line += bytes.prefix(max(256 - line.count, 0))
            length += bytes.count
        }
        func end() {
            if length <= Self.lineLimit, let time = JSONRecord.time(ofLine: line) {
                lines.append(Line(time: time, offset: start, length: length))
            }
            start += off_t(length + 1)
            line = []
            length = 0
        }
        while true {
            // Reads at most what the array holds.
            let count = unsafe pread(file, &block, block.count, offset)
            if count < 0 { return false }
            if count == 0 { break }
            offset += off_t(count)
            var rest = block[..<count]
            while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(rest[..<newline])
                end()
                rest = rest[(newline + 1)...]
            }
            take(rest)
        }
        end()
        lines.sort { $0.time < $1.time }
        return true
    }
}
