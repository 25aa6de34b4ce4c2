internal import Configuration
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch
internal import Reports

/// A recorder under way.
struct RecordSession: ~Copyable, LoopClient {
    /// A connection that lasts longer, in ns, is written down before it ends.
    private static let patience: UInt64 = 10_000_000_000
    /// At the end the output gets so long to take the last lines; ns.
    private static let logTimeout: UInt64 = 5_000_000_000

    /// An object, so that the reader of the ring can write to it.
    private final class Desk {
        var clock = WallClock()
        /// The connections that are not written yet. The queue, in the order of their connects, also has those that are.
        var waiting: [UInt64: Connection] = [:]
        var queue: [(time: UInt64, id: UInt64)] = []
        private let recorder: Recorder
        private let log: LogFile?
        private let wanted: Set<Verdict>
        private let name: (IPAddress) -> [UInt8]?
        private var json = JSONReport(host: Host.name)
        private var text: [UInt8] = []
        private var count = 0

        init(recorder: Recorder, log: LogFile?, wanted: Set<Verdict>, name: @escaping (IPAddress) -> [UInt8]?) {
            self.recorder = recorder
            self.log = log
            self.wanted = wanted
            self.name = name
        }

        func take(_ change: Tracker.Change) {
            let connection = change.connection
            switch change {
            case .opened where connection.state.hasEnded: write(connection)
            case .opened:
                waiting[connection.id] = connection
                queue.append((connection.connectTime, connection.id))
            case .established, .spoke:
                if waiting[connection.id] != nil { waiting[connection.id] = connection }
            case .ended:
                waiting[connection.id] = nil
                write(connection)
            }
        }

        /// Writes down what has lasted long enough.
        func writeOverdue() {
            let time = WallClock.uptime &- RecordSession.patience
            let due = queue.firstIndex { $0.time > time } ?? queue.count
            for (_, id) in queue[..<due] {
                if let connection = waiting.removeValue(forKey: id) { record(connection) }
            }
            queue.removeFirst(due)
        }

        func record(_ connection: Connection) {
            guard wanted.isEmpty || wanted.contains(connection.judgement.verdict) else { return }
            recorder.record(connection, name: name(connection.destination.address) ?? [], clock: clock)
        }

        func flush() {
            log?.output.write(text, rows: count)
            text.removeAll(keepingCapacity: true)
            count = 0
        }

        private func write(_ connection: Connection) {
            record(connection)
            guard log != nil, wanted.isEmpty || wanted.contains(connection.judgement.verdict) else { return }
            json.append(connection, name: name(connection.destination.address) ?? [], clock: clock, to: &text)
            count += 1
            if text.count >= Backlog.blockSize { flush() }
        }
    }

    var watch: Watch
    private let recorder: Recorder
    private let log: LogFile?
    private let options: WatchOptions
    private let desk: Desk
    private var saysOutputFails = false
    let service = ServiceManager()
    /// The configuration at the last SIGHUP could not be used.
    private var isConfigurationRefused = false

    init(watch: consuming Watch, recorder: Recorder, log: LogFile?, options: WatchOptions) {
        desk = Desk(recorder: recorder, log: log, wanted: Set(options.verdict), name: watch.name)
        self.watch = watch
        self.recorder = recorder
        self.log = log
        self.options = options
    }

    var descriptor: Int32 { watch.descriptor }

    mutating func read(limit: Int) -> Int {
        let desk = desk
        desk.clock.follow()
        let count = watch.read(limit: limit) { desk.take($0) }
        desk.flush()
        return count
    }

    /// A log that fails does not end the recorder: the database is what matters.
    mutating func tick() -> Bool {
        let desk = desk
        desk.clock.follow()
        watch.housekeep { desk.take($0) }
        desk.writeOverdue()
        desk.flush()
        if let evictions = watch.takeEvictionText() { Failure.say(evictions) }
        recorder.note(lost: watch.losses.total + UInt64(log?.output.unwritten ?? 0))
        if let log {
            log.follow()
            let fails = log.output.error != 0
            if fails, !saysOutputFails { Failure.say(Failure.output(log.output.error).description) }
            saysOutputFails = fails
        }
        service.isAlive(status: status)
        return true
    }

    private var status: String {
        let counts = recorder.counts
        let refused = isConfigurationRefused ? "; uses the previous configuration, as the current one has an error" : ""
        return
            "\(counts.stored) connections written, \(counts.unstored) not written, \(watch.losses.total) lost\(refused)"
    }

    mutating func signal(_ number: Int32) -> Bool {
        switch number {
        case SIGWINCH: return true
        case SIGHUP:
            service.isReloading()
            log?.reopen()
            do {
                watch.judge(by: try options.configuration().policy)
                isConfigurationRefused = false
            } catch {
                isConfigurationRefused = true
                Failure.say("\((error as? Failure)?.description ?? "\(error)"); it goes on by the configuration before")
            }
            service.isReady()
            return true
        case SIGTSTP:
            raise(SIGSTOP)
            return true
        default: return false
        }
    }

    mutating func readInput() -> Bool { true }

    /// Reads what is left, and waits until all is written.
    mutating func finish(_ loop: borrowing EventLoop) throws {
        let desk = desk
        watch.drain { desk.take($0) }
        _ = tick()
        for connection in watch.open { desk.record(connection) }
        recorder.finish()
        if let log {
            // A reader that has stopped does not keep the service from its end.
            let deadline = WallClock.uptime + Self.logTimeout
            _ = loop.wait { log.output.isIdle || log.output.error != 0 || WallClock.uptime >= deadline }
            if !log.output.isIdle, log.output.error == 0 {
                Failure.say(
                    "the output took no more lines for \(Self.logTimeout / 1_000_000_000) s; the last ones are missing")
            }
        }
        let counts = recorder.counts
        if counts.unstored > 0 {
            throw Failure(description: "\(counts.unstored) connections could not be written down", exitStatus: EX_IOERR)
        }
    }
}
