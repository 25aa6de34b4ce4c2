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
            "Exit status: 0 done, 64 wrong arguments, 65 the database is damaged, 66 there is none, 73 the output cannot be created, 74 it cannot be written, 77 not permitted."
    )

    @OptionGroup var options: HistoryOptions

    @Option(name: .shortAndLong, help: "What to write.")
    var format: Format = .csv

    @OptionGroup var output: OutputOption

    func run() throws {
        options.sayZones()
        var csv = CSVReport()
        var json = JSONReport(host: Host.name)
        let reader = try options.place.reader()
        var pipe = Pipeline(try output.open())
        if format == .csv { try pipe.write(CSVReport.header) }
        do {
            try reader.connections(in: options.times, filter: options.filter) { recorded in
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
