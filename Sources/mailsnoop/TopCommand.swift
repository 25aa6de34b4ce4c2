internal import ArgumentParser
internal import Glibc
internal import HostFacts
internal import MailWatch
internal import TopView

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Shows live who connects to mail ports. ? explains the keys, q quits.",
        discussion: """
            The senders that connected last stand first; ! marks an alarm. A recording of `trace --format json` or \
            `export --format json` is shown in the same way, and needs no root. With NO_COLOR in the environment there \
            is no color; TERM=dumb gets a page every five seconds.
            """)

    @OptionGroup var options: WatchOptions

    @Option(
        name: .long, help: ArgumentHelp("Shows this recording, as JSON, and not what happens now.", valueName: "file"))
    var replay: String?

    @Option(name: .long, help: ArgumentHelp("How many times as fast a recording is shown.", valueName: "factor"))
    var speed: Double = 1

    func validate() throws {
        guard (0.01...100_000).contains(speed) else {
            throw ValidationError("--speed takes a number from 0.01 to 100000.")
        }
        guard replay != nil || speed == 1 else { throw ValidationError("--speed is for --replay.") }
    }

    func run() throws {
        // Before the kernel is asked for anything.
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { throw Self.needsTerminal }
        let loop = try EventLoop()
        if let replay {
            try show(ReplaySource(replay, speed: speed, filter: options.filter), loop)
        } else {
            try show(LiveSource(try Watch(options)), loop)
        }
    }

    private func show(_ source: consuming some TopSource & ~Copyable, _ loop: borrowing EventLoop) throws {
        var session = TopSession(source: source, screen: try Self.screen(), wanted: Set(options.verdict))
        loop.run(&session, until: nil, input: STDIN_FILENO)
    }

    /// Takes the terminal.
    static func screen() throws -> Screen {
        let noColor = unsafe getenv("NO_COLOR").map { unsafe $0.pointee != 0 } ?? false
        do {
            return try Screen(hasColors: !noColor)
        } catch .noTerminal {
            throw needsTerminal
        } catch .unknownTerminal {
            throw Failure(
                description: """
                    terminfo does not know the terminal that TERM names. Set another one, as TERM=xterm, or install \
                    ncurses-term.
                    """, exitStatus: EX_UNAVAILABLE)
        }
    }

    private static var needsTerminal: Failure {
        Failure(
            description: "the live view needs a terminal. Use `mailsnoop trace` for a file or a pipe.",
            exitStatus: EX_USAGE)
    }
}
