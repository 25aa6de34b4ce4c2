internal import CLinux
internal import Glibc
internal import MailWatch

/// Who is run by the event loop. Each answer says whether to go on.
protocol LoopClient: ~Copyable {
    /// Readable when records wait; negative where there is nothing to wait for.
    var descriptor: Int32 { get }
    /// Reads at most `limit` records. Returns how many.
    mutating func read(limit: Int) -> Int
    /// A few times a second.
    mutating func tick() -> Bool
    mutating func signal(_ number: Int32) -> Bool
    /// Something can be read from `input`.
    mutating func readInput() -> Bool
}

/// The one loop: ring, signals, timer, keyboard. It never waits for an output.
struct EventLoop: ~Copyable {
    private static let tickMilliseconds: Int32 = 250
    /// After records came the ring is left alone for so long: they then come in batches, and the kernel side does not
    /// have to wake anybody for each.
    private static let batchMilliseconds: Int32 = 5
    /// Records at a time, so that a storm does not keep signals waiting.
    private static let batchLimit = 16_384

    private let signals: Int32
    private let timer: Int32

    /// Takes the signals from here on, in all threads that begin after this.
    init() throws {
        let numbers = [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP]
        // The array holds as many as are said.
        signals = unsafe clinux_signal_descriptor(numbers, Int32(numbers.count))
        timer = clinux_timer_descriptor(Self.tickMilliseconds)
        guard signals >= 0, timer >= 0 else {
            throw Failure(description: "cannot watch signals: \(Failure.errorText(errno))", exitStatus: EX_OSERR)
        }
    }

    deinit {
        close(signals)
        close(timer)
    }

    /// Runs until the client has enough or until `deadline`, in ns of CLOCK_BOOTTIME.
    func run(_ client: inout some LoopClient & ~Copyable, until deadline: UInt64?, input: Int32?) {
        var isBatching = false
        var hasMore = false
        while true {
            let left = Self.milliseconds(until: deadline)
            guard left > 0 else { return }
            let wait = hasMore ? 0 : min(left, isBatching ? Self.batchMilliseconds : Self.tickMilliseconds)
            var sources = [
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
                pollfd(fd: timer, events: Int16(POLLIN), revents: 0),
                // poll leaves out what is negative.
                pollfd(fd: input ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isBatching ? -1 : client.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            // The array holds as many as are said.
            unsafe poll(&sources, nfds_t(sources.count), wait)

            if isBatching || sources[3].revents != 0 {
                let count = client.read(limit: Self.batchLimit)
                isBatching = count > 0
                hasMore = count == Self.batchLimit
            }
            if sources[0].revents != 0 {
                while case let number = clinux_next_signal(signals), number != 0 {
                    guard client.signal(number) else { return }
                }
            }
            if sources[1].revents != 0, clinux_timer_fired(timer) > 0, !client.tick() { return }
            if sources[2].revents != 0, !client.readInput() { return }
        }
    }

    /// Waits until `isDone` says so. False when a signal to end came first.
    func wait(until isDone: () -> Bool) -> Bool {
        while !isDone() {
            var source = pollfd(fd: signals, events: Int16(POLLIN), revents: 0)
            // One source.
            unsafe poll(&source, 1, 20)
            let number = source.revents == 0 ? 0 : clinux_next_signal(signals)
            if number != 0, number != SIGWINCH, number != SIGTSTP { return false }
        }
        return true
    }

    private static func milliseconds(until deadline: UInt64?) -> Int32 {
        guard let deadline else { return .max }
        let now = WallClock.uptime
        return now >= deadline ? 0 : Int32(clamping: (deadline - now) / 1_000_000 + 1)
    }
}
