internal import ArgumentParser
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch
internal import Reports

struct ExportCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case csv, json }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the recorded connections, the oldest first, as `trace` would have.",
        discussion:
            "Exit status: 0 done, 64 wrong arguments, 65 the database is damaged, 66 there is none, 74 it cannot be written, 77 not permitted."
    )

    @OptionGroup var options: HistoryOptions

    @Option(name: .shortAndLong, help: "What to write.")
    var format: Format = .csv

    func run() throws {
        options.sayZones()
        var csv = CSVReport()
        var json = JSONReport(host: Host.name)
        var pipe = Pipeline()
        if format == .csv { try pipe.write(CSVReport.header) }
        do {
            try options.place.reader().connections(in: options.times, filter: options.filter) { recorded in
                try pipe.add { text in
                    switch format {
                    case .csv: csv.append(recorded.connection, name: recorded.name, clock: recorded.clock, to: &text)
                    case .json: json.append(recorded.connection, name: recorded.name, clock: recorded.clock, to: &text)
                    }
                }
                return true
            }
            try pipe.flush()
        } catch let error as HistoryError {
            throw Failure.history(error)
        } catch is Pipeline.NobodyReads {
        }
    }
}

/// Text for stdout, which is waited for.
struct Pipeline {
    /// The reader has gone away, and has what it wanted.
    struct NobodyReads: Error {}

    private static let blockSize = 64 << 10

    private var text: [UInt8] = []

    mutating func add(_ append: (inout [UInt8]) -> Void) throws {
        append(&text)
        if text.count >= Self.blockSize { try flush() }
    }

    mutating func write(_ bytes: [UInt8]) throws { try add { $0 += bytes } }

    mutating func flush() throws {
        var done = 0
        while done < text.count {
            // Writes from within the array.
            let count = unsafe text.withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress! + done, text.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno == EPIPE {
                throw NobodyReads()
            } else if errno != EINTR {
                throw Failure.output(errno)
            }
        }
        text.removeAll(keepingCapacity: true)
    }
}
