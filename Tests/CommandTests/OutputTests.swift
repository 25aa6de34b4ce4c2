import Glibc
import MailWatch
import TestSupport
import Testing

@testable import mailsnoop

/// Rows on their way through threads of their own to a pipe. Needs no root.
@Suite(.timeLimit(.minutes(10)))
struct OutputTests {
    /// A pipe: it takes 64 KiB, and no more before it is read.
    private struct Pipe: ~Copyable {
        let reading: Int32
        let writing: Int32

        init() {
            var ends: [Int32] = [-1, -1]
            // Both are written.
            precondition(unsafe pipe(&ends) == 0)
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            close(reading)
            close(writing)
        }

        /// As many bytes as there are, at most `count`; none when none come within ten seconds.
        func read(_ count: Int) -> [UInt8] {
            var source = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            // One source.
            guard unsafe poll(&source, 1, 10_000) == 1 else { return [] }
            var bytes = [UInt8](repeating: 0, count: count)
            // Reads at most what the array holds.
            let read = unsafe Glibc.read(reading, &bytes, count)
            return Array(bytes.prefix(max(read, 0)))
        }
    }

    private func row(_ number: Int) -> [UInt8] {
        var row: [UInt8] = []
        row.append(decimal: UInt64(number), width: 8)
        row.append(",refused,192.0.2.25,25,www-data,/usr/bin/php8.2 -f /var/www/html/wp-cron.php\n" as StaticString)
        return row
    }

    @Test func whatWaitedForAStoppedReaderIsWrittenInOrder() {
        let pipe = Pipe()
        let output = Output(descriptor: pipe.writing, backlogLimit: 8 << 20)
        var written: [UInt8] = []
        // 25 MB: more than would wait raw.
        for batch in 0..<3001 {
            let rows = (0..<97).flatMap { row(batch * 97 + $0) }
            output.write(rows, rows: 97)
            written += rows
        }
        var read: [UInt8] = []
        while case let bytes = pipe.read(1 << 16), !bytes.isEmpty {
            read += bytes
            if read.count >= written.count { break }
        }
        // Apart, as it would be printed.
        let isWhole = read == written
        #expect(isWhole)
        #expect(output.unwritten == 0)
        #expect(output.error == 0)
    }

    @Test func whatDoesNotFitIsCounted() {
        let pipe = Pipe()
        let output = Output(descriptor: pipe.writing, backlogLimit: 200_000)
        // 85,742 bytes: the limit is for two of them.
        let rows = (0..<997).flatMap { row($0) }
        output.write(rows, rows: 997)
        // The writer has it, and is held up by the rest of it.
        var read = pipe.read(1)
        output.write(rows, rows: 997)
        output.write(rows, rows: 997)
        output.write(rows, rows: 997)
        output.write(row(0), rows: 1)
        while case let bytes = pipe.read(1 << 16), !bytes.isEmpty {
            read += bytes
            if read.count >= 3 * rows.count + row(0).count { break }
        }
        // Apart, as it would be printed.
        let isWhole = read == rows + rows + rows + row(0)
        #expect(isWhole)
        #expect(output.unwritten == 997)
    }

    @Test func aLineIsWrittenAtOnce() {
        let pipe = Pipe()
        let output = Output(descriptor: pipe.writing)
        for number in 0..<23 {
            output.write(row(number), rows: 1)
            #expect(pipe.read(1 << 16) == row(number))
        }
    }
}
