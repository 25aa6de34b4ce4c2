internal import ArgumentParser
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch

struct RecordCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case none, json }

    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Writes each connection into a database, until it is ended. Runs as a service.",
        discussion: """
            `mailsnoop export`, `senders` and `status` read the database, also while it is written. SIGHUP reads the \
            configuration and opens --output anew.

            Exit status: 0 ended by a signal, 64 wrong arguments, 65 the database is damaged, 69 this kernel cannot do \
            it, 73 the database or output cannot be created, 75 another recorder writes to it, 77 not permitted.
            """)

    @OptionGroup var options: WatchOptions
    @OptionGroup var place: DatabaseOption

    @Option(
        name: .long, help: ArgumentHelp("Removes what is older: a number of days, hours or minutes.", valueName: "30d"))
    var keep: Span = Span(nanoseconds: 30 * 86_400_000_000_000)

    @Option(
        name: .long,
        help: ArgumentHelp("Removes the oldest when the database is larger: bytes, or with K, M, G.", valueName: "1G"))
    var maxSize: Size = Size(bytes: 1 << 30)

    @Flag(
        name: .long, help: "Looks through the database first; puts a damaged one out of the way and begins a new one.")
    var moveAside = false

    @Option(name: .shortAndLong, help: "What to write beside the database: a line for each connection that ended.")
    var format: Format = .none

    @Option(name: .shortAndLong, help: ArgumentHelp("Writes that here, and not to stdout.", valueName: "file"))
    var output: String?

    func validate() throws {
        if output != nil, format == .none { throw ValidationError("--output needs --format json.") }
    }

    func run() throws {
        let loop = try EventLoop()
        // It runs, as `status` says, from when it sees connections.
        let watch = try Watch(options)
        let recorder = try openRecorder()
        let rows = try format == .none ? nil : LogFile(path: output)
        var session = RecordSession(watch: watch, recorder: recorder, log: rows, options: options)
        session.service.isReady()
        loop.run(&session, until: nil, input: nil)
        session.service.isStopping()
        try session.finish(loop)
    }

    private func openRecorder() throws -> Recorder {
        var limits = Recorder.Options()
        limits.keep = keep.nanoseconds
        limits.maxSize = maxSize.bytes
        limits.isChecked = moveAside
        func open() throws(HistoryError) -> Recorder {
            try Recorder(
                place.database, options: limits, host: Host.name, version: Version.number,
                say: { Failure.say($0) })
        }
        do {
            do { return try open() } catch  where error.cause == .corrupt && moveAside {
                let path = try HistoryFile.moveAside(place.database)
                Failure.say("\(error); it is now \(Escaping.text(path))")
                return try open()
            }
        } catch {
            throw Failure.history(error, hint: " With --move-aside it is put out of the way, and a new one begun.")
        }
    }
}
