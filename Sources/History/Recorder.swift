internal import Dispatch
public import MailWatch
internal import Synchronization

/// Writes connections down, at least each second. Whoever hands one over never waits: a queue of its own writes, and what
/// it cannot write is held up to a bound, then counted.
public final class Recorder: Sendable {
    public struct Options: Sendable {
        /// Connections that began longer ago are removed; ns.
        public var keep: UInt64 = 30 * 86_400 * 1_000_000_000
        /// Bytes of the file, beyond which the oldest connections are removed.
        public var maxSize: UInt64 = 1 << 30
        /// Looks through the whole database first, which takes seconds for each GB.
        public var isChecked = false
        /// Connections that may wait to be written.
        public var backlogLimit = 65_536

        public init() {}
    }

    private struct State {
        var waiting: [Entry] = []
        var unstored: UInt64 = 0
        var lost: UInt64 = 0
        var isAsked = false
        var isOver = false
        var stored: UInt64 = 0
    }

    private static let interval = 0.5
    /// A batch from here on is not kept waiting.
    private static let batch = 4096

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "recorder")
    private let backlogLimit: Int
    private let writer: Mutex<RecordWriter>

    /// Opens the database, or makes it, and begins a run.
    ///
    /// - Parameters:
    ///   - host: name of this host.
    ///   - version: of mailsnoop.
    ///   - say: told in a sentence when nothing can be written, and when that is over.
    public init(
        _ path: String = HistoryFile.standardPath, options: Options = Options(), host: String, version: String,
        say: @escaping @Sendable (String) -> Void
    ) throws(HistoryError) {
        backlogLimit = options.backlogLimit
        writer = Mutex(try RecordWriter(path, options: options, host: host, version: version, say: say))
        schedule()
    }

    /// What was written, and what was not, as there was no room for it.
    public var counts: (stored: UInt64, unstored: UInt64) { state.withLock { ($0.stored, $0.unstored) } }

    /// Writes a connection down, or writes anew what is known of one that had not ended.
    ///
    /// - Parameter name: of the destination, by reverse DNS; empty where it is not known.
    public func record(_ connection: Connection, name: [UInt8], clock: WallClock) {
        let asks = state.withLock { state in
            guard state.waiting.count < backlogLimit else {
                state.unstored += 1
                return false
            }
            state.waiting.append(Entry(connection: connection, name: name, clock: clock))
            guard state.waiting.count >= Self.batch, !state.isAsked else { return false }
            state.isAsked = true
            return true
        }
        if asks { queue.async { self.turn() } }
    }

    /// What the kernel side has lost since its start, and outputs beside the database.
    public func note(lost: UInt64) { state.withLock { $0.lost = lost } }

    /// Writes what waits and ends the run.
    public func finish() {
        queue.sync { turn(isLast: true) }
    }

    private func schedule() {
        queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in
            guard let self, !self.state.withLock({ $0.isOver }) else { return }
            self.turn()
            self.schedule()
        }
    }

    private func turn(isLast: Bool = false) {
        let (entries, unstored, lost) = state.withLock { state in
            defer {
                state.waiting = []
                state.isAsked = false
                state.isOver = isLast
            }
            return (state.waiting, state.unstored, state.lost)
        }
        let rest = writer.withLock { $0.commit(entries, unstored: unstored, lost: lost, isLast: isLast) }
        state.withLock { state in
            state.stored += UInt64(entries.count - rest.count)
            guard !rest.isEmpty else { return }
            // The oldest have come first, and stay.
            let room = max(backlogLimit - rest.count, 0)
            state.unstored += UInt64(max(state.waiting.count - room, 0)) + (isLast ? UInt64(rest.count) : 0)
            state.waiting = rest + state.waiting.prefix(room)
        }
    }
}
