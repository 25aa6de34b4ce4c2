internal import ArgumentParser
internal import CLinux
internal import Glibc
internal import HostFacts
internal import KernelProbe
internal import MailWatch
internal import Reports

struct TraceCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case table, detail, csv, json }

    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Writes a line for each connection, for some seconds or until ^C.",
        discussion: """
            The table has a line as soon as the sender of the mail was said, the connection ended or is 10 s old; the \
            detail has a paragraph, with the whole dialogue, the reasons of the verdict and the PHP stack. CSV and \
            JSON have a line when the connection ends, and at the end of the trace one for each that is still open.

            Exit status: 0 done, 3 a verdict of --fail-on was seen, 64 wrong arguments, 69 this kernel cannot do it, 73 the output cannot be created, 74 \
            it cannot be written, 77 not permitted.
            """)

    @OptionGroup var options: WatchOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Ends by itself after so many seconds.", valueName: "N"))
    var seconds: UInt32?

    @Option(name: .shortAndLong, help: "What to write.")
    var format: Format = .table

    @OptionGroup var output: OutputOption

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Ends with exit status 3 if a connection got this verdict. May be repeated.", valueName: "verdict"),
        transform: Verdict.named)
    var failOn: [Verdict] = []

    func run() throws {
        let loop = try EventLoop()
        let watch = try Watch(options)
        let descriptor = try output.open() ?? STDOUT_FILENO
        let deadline = seconds.map { watch.startTime + UInt64($0) * 1_000_000_000 }
        var session = TraceSession(
            watch: watch, format: format, wanted: Set(options.verdict), descriptor: descriptor, deadline: deadline)
        loop.run(&session, until: deadline, input: nil)
        try session.finish(loop)
        if failOn.contains(where: { session.ledger.verdicts[$0] != nil }) { throw ExitCode(3) }
    }
}
