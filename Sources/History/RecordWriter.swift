internal import GRDB
internal import Glibc
internal import MailWatch

/// The writing side of a recorder: its database, its run, and what it knows of both.
struct RecordWriter: ~Copyable {
    /// With nothing to write, the run is said to go on so often; ns.
    private static let heartbeat: UInt64 = 5_000_000_000
    /// Removing goes on for so long at a time; ns.
    private static let patience: UInt64 = 100_000_000

    private let path: String
    private let lock: HistoryLock
    private let database: DatabaseQueue
    private let options: Recorder.Options
    private let say: @Sendable (String) -> Void
    private let run: Int64
    private var rows: RowWriter
    private var stored: UInt64 = 0
    /// Of the connections that had not ended when they were written, the key under which they are.
    private var open: [UInt64: Int64] = [:]
    /// What was said last about not being able to write; nil while all goes well.
    private var trouble: String?
    private var latest: UInt64 = 0
    private var nextLook: UInt64 = 0

    init(
        _ path: String, options: Recorder.Options, host: String, version: String,
        say: @escaping @Sendable (String) -> Void
    ) throws(HistoryError) {
        try HistoryFile.makeFolder(for: path)
        let lock = try HistoryLock(path)
        let database = try HistoryFile.openForWriting(path, isChecked: options.isChecked)
        let run: Int64
        do {
            run = try database.write { database in
                let now = Int64(bitPattern: WallClock().wallTime(WallClock.uptime))
                try database.execute(
                    sql: "INSERT INTO run (boot_id, start, latest, host, version) VALUES (?, ?, ?, ?, ?)",
                    arguments: [bootID(), now, now, host, version])
                return database.lastInsertedRowID
            }
        } catch {
            throw HistoryError(error, path: path)
        }
        self.path = path
        self.options = options
        self.say = say
        self.lock = lock
        self.database = database
        self.run = run
        rows = RowWriter(run: run)
    }

    /// Writes a batch, and then removes what is too old or too much. Returns what could not be written.
    mutating func commit(_ entries: [Entry], unstored: UInt64, lost: UInt64, isLast: Bool) -> [Entry] {
        let uptime = WallClock.uptime
        guard !entries.isEmpty || isLast || trouble != nil || uptime >= latest + Self.heartbeat else {
            prune(until: uptime + Self.patience)
            return []
        }
        let now = WallClock().wallTime(uptime)
        var written: [UInt64: Int64?] = [:]
        do {
            try database.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for entry in entries {
                        let id = entry.connection.id
                        let hasEnded = entry.connection.state.hasEnded
                        let key = try rows.write(entry, over: written[id] ?? open[id], now: now, to: database)
                        // Mail that is handed over has no name, and has ended.
                        if !hasEnded || written[id] != nil || open[id] != nil {
                            written[id] = .some(hasEnded ? nil : key)
                        }
                    }
                    try database.execute(
                        sql:
                            "UPDATE run SET latest = ?, has_ended = ?, stored = ?, unstored = ?, lost = ? WHERE id = ?",
                        arguments: [
                            Int64(bitPattern: now), isLast, Int64(stored + UInt64(entries.count)), Int64(unstored),
                            Int64(clamping: lost), run,
                        ])
                    return .commit
                }
            }
        } catch {
            // What it remembers was not written.
            rows = RowWriter(run: run)
            let problem = HistoryError(error, path: path).description
            if trouble != problem {
                say("\(problem); what happens is counted, and written as soon as that is possible")
            }
            trouble = problem
            return entries
        }
        stored += UInt64(entries.count)
        for (id, key) in written { open[id] = key }
        latest = uptime
        if trouble != nil { say("the database \(Escaping.text(path)) is written again") }
        trouble = nil
        if !isLast { prune(until: uptime + Self.patience) }
        return []
    }

    /// Removes in slices until that is done or the time has come.
    private mutating func prune(until deadline: UInt64) {
        guard trouble == nil, WallClock.uptime >= nextLook else { return }
        do {
            while try database.write({ [options] in try Pruning.removeSlice($0, options: options) }) {
                if WallClock.uptime >= deadline { return }
            }
            nextLook = WallClock.uptime + Self.heartbeat
        } catch {
            nextLook = WallClock.uptime + Self.heartbeat
        }
    }
}

/// Another one for each boot of the kernel (random(4)).
private func bootID() -> String {
    let file = unsafe open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 36)
    // Reads at most what the array holds.
    let count = unsafe read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
}
