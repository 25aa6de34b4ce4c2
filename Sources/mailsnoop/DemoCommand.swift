internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import HostFacts
internal import MailWatch

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows what mailsnoop is for: makes a server with a planted spammer, and opens the live view on it.",
        discussion: """
            The server and the mail hosts of its world are two network namespaces of this machine, with no way out. The \
            spammer is a PHP script (a Perl script where there is no PHP) among a web site's uploads; a shop that uses a \
            relay and a mail server that delivers send beside it. All of it is gone at the end. Needs root, iproute2 and \
            util-linux. Without a terminal, --seconds N writes the table of `mailsnoop trace`.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("Ends by itself after so many seconds.", valueName: "N"))
    var seconds: UInt32?

    func run() throws {
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        guard isTerminal || seconds != nil else {
            throw Failure(
                description: "the live view needs a terminal. With --seconds N the demo writes a table.",
                exitStatus: EX_USAGE)
        }
        let loop = try EventLoop()
        let stage = try DemoStage()
        let watch = try Watch(
            try WatchOptions.parse(["--no-dns"]), configuration: Self.trust,
            networkNamespace: stage.networkNamespace)
        try stage.begin()
        let deadline = seconds.map { WallClock.uptime + UInt64($0) * 1_000_000_000 }
        if isTerminal {
            var session = TopSession(
                source: LiveSource(watch), screen: try TopCommand.screen(), wanted: [],
                greeting: "Nothing leaves this machine. Up and Down select, Enter tells all. ! is the spammer")
            loop.run(&session, until: deadline, input: STDIN_FILENO)
        } else {
            var session = TraceSession(
                watch: watch, format: .table, wanted: [], descriptor: STDOUT_FILENO, deadline: deadline)
            loop.run(&session, until: deadline, input: nil)
            try session.finish(loop)
        }
        stage.end()
        if isTerminal {
            Failure.say("that was the demo. `sudo mailsnoop` watches this machine.")
        }
    }

    /// No mail server is installed in the demo: the one that delivers is trusted, as an administrator would do it.
    private static var trust: Configuration {
        var configuration = Configuration()
        var trust = Policy.Trust()
        // Its program lies in a mount namespace of the demo, and so is not this host's own.
        trust.uid = UserNames.uid("mail")
        configuration.policy.trusted = [trust]
        return configuration
    }
}
