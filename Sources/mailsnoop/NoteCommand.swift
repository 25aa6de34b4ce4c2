internal import ArgumentParser
internal import Complaints
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch
internal import Notes
internal import Reports

struct NoteCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case markdown, html, csv }

    static let configuration = CommandConfiguration(
        commandName: "note",
        abstract: "Writes the note of an incident: who sent what, when, and what can be done next.",
        discussion: """
            Of the connections that --since, --until and the filters ask for; or with --match of those around the time \
            of a complaint, held against it as `mailsnoop match` does. Markdown and HTML have all of it; CSV is the rows.

            Exit status: 0 done, 64 wrong arguments, 65 the database is damaged or the complaint refused, 66 there is no database or file, 73 \
            the output cannot be created, 74 it cannot be written, 77 not permitted.
            """)

    @OptionGroup var options: HistoryOptions

    @Option(
        name: .long, help: ArgumentHelp("What was received, as of `mailsnoop match`; - is stdin.", valueName: "file"))
    var match: String?

    @Option(name: .shortAndLong, help: "What to write.")
    var format: Format = .markdown

    @OptionGroup var output: OutputOption

    @Flag(name: .customLong("no-dns"), help: "Do not look up the receiver's addresses.")
    var noDNS = false

    func run() throws {
        options.sayZones()
        let reader = try options.place.reader()
        let search = try match.map { path in
            let complaint = try Complaint(path: path)
            return try ComplaintSearch(complaint, in: reader, destinations: noDNS ? [] : complaint.receivers)
        }
        let span = span(search)
        var pipe = Pipeline(try output.open())
        do {
            if format == .csv {
                try writeRows(span, reader, to: &pipe)
            } else {
                let note = try note(span, search, reader)
                try pipe.write(format == .html ? note.html : note.markdown)
            }
            try pipe.flush()
        } catch let error as HistoryError {
            throw Failure.history(error)
        } catch is Pipeline.NobodyReads {}
    }

    /// Options come before the complaint, and that before all.
    private func span(_ search: ComplaintSearch?) -> Range<UInt64> {
        let whole = options.times
        guard let windows = search?.windows, let first = windows.first, let last = windows.last else { return whole }
        let since = options.since == nil ? first.lowerBound : whole.lowerBound
        let until = options.until == nil ? last.upperBound : whole.upperBound
        return since..<max(since, until)
    }

    private func note(_ span: Range<UInt64>, _ search: ComplaintSearch?, _ reader: HistoryReader) throws -> IncidentNote
    {
        let now = WallClock().wallTime(WallClock.uptime)
        let start = span.lowerBound > 0 ? span.lowerBound : try reader.status().oldest ?? 0
        let end = max(min(span.upperBound, now), start)
        var note = IncidentNote(
            host: Host.name, version: Version.number, time: now, span: span,
            coverage: try reader.coverage(of: [start..<end]),
            answer: search.map {
                .init(complaint: $0.complaint, ranking: Array($0.answers), best: $0.best)
            })
        try reader.connections(in: span, filter: options.filter) {
            note.add($0)
            return true
        }
        return note
    }

    private func writeRows(_ span: Range<UInt64>, _ reader: HistoryReader, to pipe: inout Pipeline) throws {
        var csv = CSVReport()
        try pipe.write(CSVReport.header)
        try reader.connections(in: span, filter: options.filter) { recorded in
            try pipe.add { csv.append(recorded.connection, name: recorded.name, clock: recorded.clock, to: &$0) }
            return true
        }
    }
}
