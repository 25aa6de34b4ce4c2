internal import Complaints
internal import Foundation
internal import GRDB
internal import History
internal import MailWatch
internal import Notes
internal import Reports
internal import TestSupport

/// Databases, damaged in their bytes, values and tables, read by everything that reads them, and then written to.
final class DatabaseFuzz {
    /// A reader threw something else than that the database cannot be used.
    struct Unexpected: Error { let text: String }

    /// How the cases ended.
    private var outcomes: [String: Int] = [:]
    private let folder = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-fuzz-\(UUID().uuidString)")
        .path
    private var path: String { folder + "/history.db" }
    private let sound: Data
    private let records: [JSONRecord]
    private let complaint = Complaint(ComplaintFuzz.seeds[1])

    init() throws {
        records = try RecordingFuzz.connections()
        let model = folder + "/model/history.db"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var recorder: Recorder? = try Self.recorder(model)
        for round in 0..<3 as Range<UInt64> {
            for record in records {
                recorder?.record(
                    record.connection, name: record.name, clock: WallClock(bootTime: round * 1_000_000_007))
            }
        }
        recorder?.finish()
        // Its connection is the last one: SQLite then puts all into the one file.
        recorder = nil
        try DatabaseQueue(path: model).writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        sound = try Data(contentsOf: URL(filePath: model))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var summary: String { outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") }

    func outcome(_ name: String) -> Int { outcomes[name, default: 0] }

    func run(_ number: Int) throws {
        var random = SplitMix64(seed: UInt64(number))
        for suffix in ["-wal", "-shm", "-journal"] { unsafe unlink(path + suffix) }
        var bytes = sound
        let kind = random.below(4)
        if kind == 0 { damage(&bytes, &random) }
        try bytes.write(to: URL(filePath: path))
        do {
            if kind == 1 || kind == 2 { try damageValues(&random) }
            if kind == 3 { try damageTables(&random) }
        } catch is DatabaseError {
            outcomes["refused by SQLite", default: 0] += 1
        }
        try attempt("read") { try read() }
        try attempt("write") { try write() }
    }

    private func attempt(_ name: String, _ body: () throws -> Void) throws {
        do {
            try body()
            outcomes["\(name): done", default: 0] += 1
        } catch let error as HistoryError {
            outcomes["\(name): \(error.cause)", default: 0] += 1
            guard [.corrupt, .newer, .missing].contains(error.cause) else { throw Unexpected(text: error.description) }
        }
    }

    /// As `export`, `senders`, `status`, `note` and `match` do.
    private func read() throws {
        let reader = try HistoryReader(path)
        let span = 0..<UInt64(Int64.max)
        _ = try reader.status()
        var csv = CSVReport()
        var json = JSONReport(host: "mx1.example.net")
        let coverage = try reader.coverage(of: [span])
        var matcher = Matcher(complaint, destinations: [])
        var note = IncidentNote(
            host: "mx1.example.net", version: "0", time: 1_800_000_000_000_000_000, span: span, coverage: coverage,
            answer: nil)
        try reader.connections(in: span) { recorded in
            var text: [UInt8] = []
            csv.append(recorded.connection, name: recorded.name, clock: recorded.clock, to: &text)
            json.append(recorded.connection, name: recorded.name, clock: recorded.clock, to: &text)
            note.add(recorded)
            _ = matcher.consider(
                Candidate(
                    id: recorded.key, sender: recorded.sender, time: recorded.time, source: recorded.connection.source,
                    destination: recorded.connection.destination))
            return true
        }
        _ = note.html.count + note.markdown.count
        _ = try reader.senders(in: span)
        var filter = HistoryFilter()
        filter.scripts = ["*"]
        filter.verdicts = Verdict.allCases
        try reader.connections(in: span, filter: filter) { _ in true }
    }

    /// As `record` does.
    private func write() throws {
        let recorder = try Self.recorder(path)
        for record in records.prefix(7) {
            recorder.record(record.connection, name: record.name, clock: WallClock(bootTime: 0))
        }
        recorder.finish()
    }

    private static func recorder(_ path: String) throws -> Recorder {
        var options = Recorder.Options()
        options.keep = .max
        return try Recorder(path, options: options, host: "mx1.example.net", version: "0") { _ in }
    }

    private func damage(_ bytes: inout Data, _ random: inout SplitMix64) {
        let page = 4096
        let pages = bytes.count / page
        for _ in 0...random.below(12) {
            switch random.below(5) {
            case 0: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            // The header of a page, and its first pointers.
            case 1:
                bytes[random.below(bytes.count / page) * page + random.below(24)] = UInt8(
                    truncatingIfNeeded: random.next())
            // One page in place of another: tables that lead back to themselves.
            case 2:
                let (from, to) = (random.below(pages) * page, random.below(pages) * page)
                guard max(from, to) + page <= bytes.count else { continue }
                bytes.replaceSubrange(to..<to + page, with: Data(bytes[from..<from + page]))
            case 3:
                let start = random.below(bytes.count)
                let end = min(start + random.below(200), bytes.count)
                bytes.resetBytes(in: start..<end)
            default: if random.below(10) == 0 { bytes = Data(bytes.prefix(random.below(bytes.count) + 1)) }
            }
            if bytes.count < page { return }
        }
    }

    private static let tables = ["connection", "actor", "process", "request", "text", "sender", "clock", "run"]

    /// Values that the tables would refuse: the schema is changed before, and put back.
    private func damageValues(_ random: inout SplitMix64) throws {
        let values: [(any DatabaseValueConvertible)?] = [
            nil, "abc", "", -1, 0, Int64.max, Int64.min, 1 << 62, 1.5, Double.infinity, Data(),
            Data(repeating: 0xFF, count: 40),
            Data(repeating: 0x80, count: 12), Data(repeating: 0, count: 1000), Data(repeating: 7, count: 200_000),
            1_000_000,
        ]
        let queue = try DatabaseQueue(path: path)
        let schema = try queue.read {
            try Row.fetchAll($0, sql: "SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        }
        func write(_ statement: (String) -> String) throws {
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA writable_schema = ON")
                for row in schema where Self.tables.contains(row[0]) {
                    try database.execute(
                        sql: "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?",
                        arguments: [statement(row[1]), row[0] as String])
                }
                try database.execute(sql: "PRAGMA writable_schema = RESET")
            }
        }
        try write { $0.replacing(" NOT NULL", with: "").replacing(" INTEGER,", with: " BLOB,") }
        for _ in 0...random.below(3) {
            let table = Self.tables[random.below(Self.tables.count)]
            try queue.write { database in
                let columns = try database.columns(in: table).map(\.name)
                let column = columns[random.below(columns.count)]
                if random.below(8) == 0 {
                    try database.execute(sql: "DELETE FROM \(table) WHERE rowid % 3 = 0")
                } else {
                    try database.execute(
                        sql: "UPDATE \(table) SET \(column) = ? WHERE rowid IN (SELECT rowid FROM \(table) LIMIT 50)",
                        arguments: [values[random.below(values.count)]])
                }
            }
        }
        try write { $0 }
        try queue.close()
    }

    private func damageTables(_ random: inout SplitMix64) throws {
        let table = Self.tables[random.below(Self.tables.count)]
        let statements = [
            "DROP TABLE \(table)",
            "ALTER TABLE \(table) RENAME TO other; CREATE VIEW \(table) AS SELECT * FROM other",
            "DROP TABLE \(table); CREATE VIEW \(table) AS SELECT * FROM \(table)",
            "DROP TABLE \(table); CREATE VIEW \(table) AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 0 AS period, x'00' AS body FROM n",
            "DROP TABLE \(table); CREATE TABLE \(table) (id INTEGER PRIMARY KEY, a)",
            "ALTER TABLE \(table) ADD COLUMN more DEFAULT (zeroblob(1000000000))",
            "CREATE TRIGGER x AFTER INSERT ON \(table) BEGIN DELETE FROM connection; END",
            "CREATE TRIGGER x BEFORE UPDATE ON run BEGIN SELECT load_extension('x'); END",
            "DROP TABLE grdb_migrations",
            "DROP TABLE grdb_migrations; CREATE VIEW grdb_migrations AS WITH RECURSIVE n(identifier) AS (SELECT '1' UNION ALL SELECT identifier || '1' FROM n) SELECT identifier FROM n",
            "INSERT INTO grdb_migrations VALUES ('a later one')", "DELETE FROM grdb_migrations",
            "UPDATE grdb_migrations SET identifier = x'ff'",
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABLE ' || name WHERE name = '\(table)'",
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 2",
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET type = 'view' WHERE name = '\(table)'",
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = NULL WHERE name = '\(table)'",
            "PRAGMA writable_schema = ON; INSERT INTO sqlite_master SELECT * FROM sqlite_master",
            "DROP INDEX text_hash", "CREATE UNIQUE INDEX more ON run (has_ended)",
            "PRAGMA schema_version = 0; PRAGMA user_version = -1; DROP TABLE \(table)",
        ]
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: statements[random.below(statements.count)]) }
        try queue.close()
    }
}
