internal import GRDB
internal import MailWatch

/// The writing side of a recorder: its database, its run, and what it knows of both.
struct RecordWriter: ~Copyable {
    /// With nothing to write, the run is said to go on so often; ns.
    private static let heartbeat: UInt64 = 5_000_000_000
    /// Removing goes on for so long at a time; ns.
    private static let patience: UInt64 = 100_000_000

    private let path: String
    private let options: Recorder.Options
    private let host: String
    private let version: String
    private let say: @Sendable (String) -> Void
    private var lock: HistoryLock
    /// Nil while the database is gone and cannot be made anew.
    private var store: HistoryStore?
    private var rows: RowWriter
    /// Written in this run.
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
        let store = try HistoryStore(path, isChecked: options.isChecked, host: host, version: version, say: say)
        rows = RowWriter(run: store.run)
        self.lock = lock
        self.store = store
        self.path = path
        self.options = options
        self.host = host
        self.version = version
        self.say = say
    }

    /// The database; a new one where it was removed or replaced. What is not written yet goes there.
    private mutating func current() throws(HistoryError) -> HistoryStore {
        if let store {
            guard let loss = store.loss else { return store }
            say("\(loss) while it was written to; a new database is begun")
            store.abandon()
            self.store = nil
            open = [:]
            stored = 0
        }
        try HistoryFile.makeFolder(for: path)
        if !lock.isHeld(at: path) { lock = try HistoryLock(path) }
        let store = try renewed()
        rows = RowWriter(run: store.run)
        self.store = store
        return store
    }

    private func renewed() throws(HistoryError) -> HistoryStore {
        func make() throws(HistoryError) -> HistoryStore {
            try HistoryStore(path, isChecked: false, host: host, version: version, say: say)
        }
        do { return try make() } catch  where error.cause == .corrupt {
            let aside = try HistoryFile.setAside(path)
            say("\(error); it is now \(Escaping.text(aside))")
            return try make()
        }
    }

    /// Writes a batch, and then removes what is too old or too much. Returns what could not be written.
    mutating func commit(_ entries: [Entry], unstored: UInt64, lost: UInt64, isLast: Bool) -> [Entry] {
        let store: HistoryStore
        do { store = try current() } catch {
            complain(error)
            return entries
        }
        let uptime = WallClock.uptime
        guard !entries.isEmpty || isLast || trouble != nil || uptime >= latest + Self.heartbeat else {
            prune(store.database, until: uptime + Self.patience)
            return []
        }
        let now = WallClock().wallTime(uptime)
        var written: [UInt64: Int64?] = [:]
        do {
            try store.database.writeWithoutTransaction { database in
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
                            Int64(clamping: lost), store.run,
                        ])
                    return .commit
                }
            }
        } catch {
            // What it remembers was not written.
            rows = RowWriter(run: store.run)
            complain(HistoryError(error, path: path))
            return entries
        }
        stored += UInt64(entries.count)
        for (id, key) in written { open[id] = key }
        latest = uptime
        if trouble != nil { say("the database \(Escaping.text(path)) is written again") }
        trouble = nil
        if !isLast { prune(store.database, until: uptime + Self.patience) }
        return []
    }

    private mutating func complain(_ error: HistoryError) {
        if trouble != error.description {
            say("\(error); what happens is counted, and written as soon as that is possible")
        }
        trouble = error.description
    }

    /// Removes in slices until that is done or the time has come.
    private mutating func prune(_ database: DatabaseQueue, until deadline: UInt64) {
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
