internal import ArgumentParser
internal import Glibc
internal import HostFacts
internal import MailWatch
internal import TopView

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Shows live who connects to mail ports, the latest first. q quits.")

    @OptionGroup var options: WatchOptions

    func run() throws {
        let needsTerminal = Failure(
            description: "the live view needs a terminal. Use `mailsnoop trace` for a file or a pipe.",
            exitStatus: EX_USAGE)
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { throw needsTerminal }
        let loop = try EventLoop()
        let watch = try Watch(options)
        guard let screen = Screen(terminal: STDOUT_FILENO) else { throw needsTerminal }
        var session = TopSession(watch: watch, screen: screen, wanted: Set(options.verdict))
        loop.run(&session, until: nil, input: STDIN_FILENO)
        session.finish(loop)
    }
}

/// The live view under way.
struct TopSession: ~Copyable, LoopClient {
    /// Frames a second at the most.
    private static let frameInterval: UInt64 = 200_000_000

    var watch: Watch
    private let screen: Screen
    private let output = Output(descriptor: STDOUT_FILENO)
    private let host = Host.name
    private let wanted: Set<Verdict>
    private var clock = WallClock()
    private var lastFrame: UInt64 = 0

    /// - Parameter wanted: senders that had one of these are shown; empty shows all.
    init(watch: consuming Watch, screen: consuming Screen, wanted: Set<Verdict>) {
        self.watch = watch
        self.wanted = wanted
        self.screen = screen
        draw()
    }

    mutating func read(limit: Int) -> Int {
        let wasEmpty = watch.ledger.connects == 0
        let count = watch.read(limit: limit) { _ in }
        // The first sender is shown at once.
        if wasEmpty, watch.ledger.connects > 0 { lastFrame = 0 }
        if count > 0 { draw() }
        return count
    }

    mutating func tick() -> Bool {
        watch.housekeep { _ in }
        draw()
        return output.error == 0
    }

    mutating func signal(_ number: Int32) -> Bool {
        switch number {
        case SIGWINCH: lastFrame = 0
        case SIGTSTP:
            screen.giveBack()
            raise(SIGSTOP)
            screen.take()
            lastFrame = 0
        default: return false
        }
        draw()
        return true
    }

    /// Any of the keys may be q. The end of the input is the end.
    mutating func readInput() -> Bool {
        var keys = [UInt8](repeating: 0, count: 64)
        // Reads at most what the array holds.
        let count = unsafe Glibc.read(STDIN_FILENO, &keys, keys.count)
        return count > 0 && !keys[..<count].contains(UInt8(ascii: "q"))
    }

    /// The last frame is out before the screen is given back.
    func finish(_ loop: borrowing EventLoop) { _ = loop.wait { [output] in output.isIdle } }

    /// A terminal that is behind gets no frame; the next tick has a newer one.
    private mutating func draw() {
        let now = WallClock.uptime
        guard output.isIdle, now - lastFrame >= Self.frameInterval else { return }
        lastFrame = now
        let size = screen.size
        clock.follow()
        var model = TopModel(
            ledger: watch.ledger, losses: watch.losses, openConnections: watch.openCount, host: host, hook: watch.hook)
        model.wanted = wanted
        model.name = watch.name
        let lines = model.lines(
            columns: size.columns, rows: size.rows, clock: clock, now: clock.wallTime(now), sink: Terminal.sink)
        output.write(Screen.frame(lines), rows: 0)
    }
}
