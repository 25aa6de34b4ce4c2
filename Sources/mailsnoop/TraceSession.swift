internal import CLinux
internal import Glibc
internal import HostFacts
internal import MailWatch
internal import Reports

/// A trace under way.
struct TraceSession: ~Copyable, LoopClient {
    var watch: Watch
    private let output: Output
    private let rows: TraceRows
    /// When it ends by itself, in ns of CLOCK_BOOTTIME.
    private let deadline: UInt64?
    private let showsTimeLeft: Bool
    private var saidLost: UInt64 = 0

    /// - Parameter wanted: the verdicts that get a row; empty all.
    init(
        watch: consuming Watch, format: TraceCommand.Format, wanted: Set<Verdict>, descriptor: Int32, deadline: UInt64?
    ) {
        let name = watch.name
        self.watch = watch
        self.deadline = deadline
        output = Output(descriptor: descriptor)
        rows = TraceRows(format: format, output: output, terminal: descriptor, wanted: wanted, name: name)
        showsTimeLeft = deadline != nil && isatty(STDERR_FILENO) == 1
        output.write(rows.header, rows: 0)
    }

    var descriptor: Int32 { watch.descriptor }

    var ledger: Ledger { rows.ledger }

    mutating func read(limit: Int) -> Int {
        let rows = rows
        rows.clock.follow()
        let count = watch.read(limit: limit) { rows.take($0) }
        rows.flush()
        return count
    }

    mutating func tick() -> Bool {
        let rows = rows
        rows.clock.follow()
        watch.housekeep { rows.take($0) }
        rows.decideOverdue()
        rows.flush()
        sayLosses()
        if showsTimeLeft, let deadline {
            let left = deadline - min(WallClock.uptime, deadline)
            output.status("tracing, \((left + 999_999_999) / 1_000_000_000) s left ")
        }
        return output.error == 0
    }

    mutating func signal(_ number: Int32) -> Bool {
        switch number {
        case SIGWINCH: return true
        case SIGTSTP:
            raise(SIGSTOP)
            return true
        default: return false
        }
    }

    mutating func readInput() -> Bool { true }

    /// Reads what is left, writes what is still open and the summary, and waits until all is written.
    mutating func finish(_ loop: borrowing EventLoop) throws {
        let rows = rows
        watch.drain { rows.take($0) }
        _ = tick()
        if showsTimeLeft { output.status("") }
        let open = watch.open
        rows.close(open)
        rows.flush()
        let summary = Summary(
            ledger: ledger, losses: watch.losses, hook: watch.hook, stillOpen: open.count,
            unwritten: output.unwritten, duration: WallClock.uptime - watch.startTime)
        output.write(rows.summary(summary), rows: 0)

        let isWritten = loop.wait { [output] in output.isIdle }
        if output.error == EPIPE { return }
        if output.error != 0 { throw Failure.output(output.error) }
        // CSV has no place for it.
        if rows.format == .csv { Failure.say(bytes: summary.text()) }
        if !isWritten { throw Failure(description: "ended before all rows were written", exitStatus: EX_IOERR) }
    }

    /// Once more for each tick in which more was lost: in the table, else on stderr, as the rows stay pure.
    private mutating func sayLosses() {
        if let evictions = watch.takeEvictionText() { say(evictions) }
        guard watch.losses.total > saidLost else { return }
        saidLost = watch.losses.total
        say("so far, \(watch.losses)")
    }

    private func say(_ line: String) {
        switch rows.format {
        case .table, .detail: output.write(Array("-- \(line)\n".utf8), rows: 0)
        case .csv, .json: Failure.say(line)
        }
    }
}
