internal import GRDB
internal import MailWatch

/// Asks the history, also while a recorder writes to it. Times are in ns since the epoch.
public struct HistoryReader: Sendable {
    private let path: String
    private let database: DatabaseQueue

    public init(_ path: String = HistoryFile.standardPath) throws(HistoryError) {
        self.path = path
        database = try HistoryFile.openForReading(path)
    }

    /// Hands on the connections that began in `times`, the oldest first, one at a time, until `body` says false. What
    /// `body` throws is thrown on.
    public func connections(
        in times: Range<UInt64>, filter: HistoryFilter = HistoryFilter(), _ body: (Recorded) throws -> Bool
    ) throws {
        try read { database in
            let senders = try Self.senders(filter, database)
            let reader = RowReader(database)
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT \(RowReader.columns) FROM connection WHERE id >= ? AND id < ? ORDER BY id",
                arguments: Self.bounds(times))
            var keys = AscendingKeys()
            while let row = try rows.next() {
                try keys.check(row.integer(0))
                guard try senders == nil || senders?[row.integer(29)] != nil else { continue }
                let verdict = try RowReader.element(row.integer(5), of: Verdict.allCases)
                guard filter.matches(try RowReader.address(row.blob(11)), verdict) else { continue }
                guard try body(reader.recorded(row)) else { return }
            }
        }
    }

    /// The senders of the connections that began in `times`, those with the most connects first.
    public func senders(
        in times: Range<UInt64>, filter: HistoryFilter = HistoryFilter()
    ) throws(HistoryError) -> [HistorySenderRecord] {
        try wrapped {
            try read { database in
                let wanted = try Self.senders(filter, database)
                var records: [Int64: HistorySenderRecord] = [:]
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT id, sender, state, verdict, established, destination, accepted FROM connection
                        WHERE id >= ? AND id < ? ORDER BY id
                        """, arguments: Self.bounds(times))
                var keys = AscendingKeys()
                while let row = try rows.next() {
                    try keys.check(row.integer(0))
                    let id = try row.integer(1)
                    if let wanted, wanted[id] == nil { continue }
                    let verdict = try RowReader.element(row.integer(3), of: Verdict.allCases)
                    let destination = try RowReader.address(row.blob(5))
                    guard filter.matches(destination, verdict) else { continue }
                    let time = try row.time(0)
                    if records[id] == nil {
                        records[id] = HistorySenderRecord(try Self.sender(id, database), firstTime: time)
                    }
                    records[id]?.note(
                        time, to: destination, try RowReader.element(row.integer(2), of: ConnectionState.allCases),
                        wasEstablished: !row.hasNull(atIndex: 4), verdict,
                        accepted: row.hasNull(atIndex: 6) ? 0 : Int(try row.number(6) as UInt32))
                }
                return records.values.sorted { ($0.connects, $0.lastTime) > ($1.connects, $1.lastTime) }
            }
        }
    }

    /// The recorders that ran at some time in `times`, the oldest first.
    public func runs(in times: Range<UInt64> = 0..<UInt64(Int64.max)) throws(HistoryError) -> [HistoryRun] {
        let isHeld = HistoryLock.isHeld(path)
        return try wrapped {
            try read { database in
                let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM run")
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT id, start, latest, has_ended, host, version, stored, unstored, lost FROM run ORDER BY id
                        """)
                var runs: [HistoryRun] = []
                var keys = AscendingKeys()
                while let row = try rows.next() {
                    let id = try row.integer(0)
                    try keys.check(id)
                    let run = try HistoryRun(row, isRunning: isHeld && id == last)
                    if run.latest >= times.lowerBound, run.start < times.upperBound { runs.append(run) }
                }
                return runs
            }
        }
    }

    /// For how much of these times a recorder ran.
    ///
    /// - Parameter times: in order, without overlap.
    public func coverage(of times: [Range<UInt64>]) throws(HistoryError) -> Coverage {
        Coverage(of: times, runs: try runs())
    }

    public func status() throws(HistoryError) -> HistoryStatus {
        let runs = try runs()
        return try wrapped {
            try read { database in
                let oldest = try Int64.fetchOne(database, sql: "SELECT min(id) FROM connection")
                let newest = try Int64.fetchOne(database, sql: "SELECT max(id) FROM connection")
                let size = try Int64.fetchOne(
                    database, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
                // A damaged table may have no end, and a row takes more bytes than this.
                let limit = max(size ?? 0, 0) / 16 + 1
                let count = try Int64.fetchOne(
                    database, sql: "SELECT count(*) FROM (SELECT id FROM connection ORDER BY id LIMIT ?)",
                    arguments: [limit])
                guard let count, count < limit else { throw ByteReader.Malformed() }
                return HistoryStatus(
                    runs: runs, connections: Int(count), oldest: oldest.map(UInt64.init(bitPattern:)),
                    newest: newest.map(UInt64.init(bitPattern:)),
                    size: UInt64(clamping: size ?? 0))
            }
        }
    }

    private static func bounds(_ times: Range<UInt64>) -> StatementArguments {
        [Int64(clamping: times.lowerBound), Int64(clamping: times.upperBound)]
    }

    /// The senders that are wanted; nil all.
    private static func senders(_ filter: HistoryFilter, _ database: Database) throws -> [Int64: HistorySender]? {
        guard !filter.users.isEmpty || !filter.scripts.isEmpty else { return nil }
        var wanted: [Int64: HistorySender] = [:]
        let rows = try Row.fetchCursor(database, sql: "SELECT id, body FROM sender ORDER BY id")
        var keys = AscendingKeys()
        while let row = try rows.next() {
            let id = try row.integer(0)
            try keys.check(id)
            let sender = try HistorySender(body: row.blob(1))
            if filter.matches(sender) { wanted[id] = sender }
        }
        return wanted
    }

    private static func sender(_ id: Int64, _ database: Database) throws -> HistorySender {
        let find = try database.cachedStatement(sql: "SELECT body FROM sender WHERE id = ?")
        guard let row = try Row.fetchOne(find, arguments: [id]) else { throw ByteReader.Malformed() }
        return try HistorySender(body: row.blob(0))
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try database.read(body)
        } catch let error where error is DatabaseError || error is RowDecodingError || error is ByteReader.Malformed {
            throw HistoryError(error, path: path)
        }
    }

    private func wrapped<Value>(_ body: () throws -> Value) throws(HistoryError) -> Value {
        do { return try body() } catch { throw HistoryError(error, path: path) }
    }
}
