internal import Foundation
internal import GRDB
internal import MailWatch

/// Writes connections into the tables, and remembers what of them it has written. After a transaction that failed it has
/// to be made anew: what it remembers is then not there.
final class RowWriter {
    /// Of each kind, how many are remembered.
    private static let limit = 32_768

    /// A text by two hashes under keys that nobody else knows: 128 bits.
    private struct Print: Hashable {
        let first: Int
        let second: Int

        init(_ bytes: [UInt8]) {
            first = bytes.hashValue
            var hasher = Hasher()
            hasher.combine(1)
            hasher.combine(bytes)
            second = hasher.finalize()
        }
    }

    /// Serial numbers.
    private struct ActorKey: Hashable { let process, php, origin: UInt64 }

    private let run: Int64
    private var period: UInt64 = 0
    private var texts: [Print: Int64] = [:]
    /// Texts that have come once.
    private var newcomers: Set<Int> = []
    private var processes: [UInt64: Int64] = [:]
    private var requests: [UInt64: Int64] = [:]
    private var actors: [ActorKey: (actor: Int64, sender: Int64)] = [:]
    private var clock: (boot: UInt64, id: Int64)?

    init(run: Int64) { self.run = run }

    /// Writes a connection. Returns its key.
    ///
    /// - Parameter key: under which it was written before; nil where it was not.
    func write(_ entry: Entry, over key: Int64?, now: UInt64, to database: Database) throws -> Int64 {
        let connection = entry.connection
        begin(now / Schema.period)
        let clock = try self.clock(entry.clock.bootTime, database)
        let (actor, sender) = try self.actor(of: connection, database)
        let time = Int64(bitPattern: entry.clock.wallTime(connection.connectTime))
        let dialogue = connection.dialogue
        var values: [(any DatabaseValueConvertible)?] = [
            clock, sender, actor, ConnectionState.allCases.firstIndex(of: connection.state),
            Verdict.allCases.firstIndex(of: connection.judgement.verdict),
            try text(database) { $0.reasons(connection.judgement.reasons) }, Int64(connection.thread),
            try text(connection.threadName, database), Data(connection.source.address.bytes),
            Int64(connection.source.port), Data(connection.destination.address.bytes),
            Int64(connection.destination.port), try text(entry.name, database),
            connection.establishedTime.map { Int64(bitPattern: $0 &- connection.connectTime) },
            connection.endTime.map { Int64(bitPattern: $0 &- connection.connectTime) }, Int64(connection.error),
            Int64(bitPattern: connection.cookie), Int64(bitPattern: connection.bytesSent),
            Int64(bitPattern: connection.bytesReceived),
        ]
        values += [
            try dialogue.map { dialogue in try text(database) { $0.shape(of: dialogue) } },
            try dialogue?.sender.map { try text($0, database) }, dialogue?.size.map { Int64(bitPattern: $0) },
            try dialogue?.recipient.map { try text($0, database) }, dialogue.map { Int64($0.recipients) },
            dialogue.map { Int64($0.messages) }, dialogue.map { Int64($0.accepted) },
            try dialogue?.greeting.map { reply in try text(database) { $0.reply(reply) } },
            try dialogue?.lastReply.map { reply in try text(database) { $0.reply(reply) } },
        ]
        let statement = try database.cachedStatement(
            sql: "INSERT OR \(key == nil ? "IGNORE" : "REPLACE") INTO connection VALUES (?\(Self.marks))")
        var next = key ?? time
        while true {
            try statement.execute(arguments: StatementArguments([next, next &- time] + values))
            if database.changesCount > 0 { return next }
            next &+= 1
        }
    }

    private static let marks = String(repeating: ",?", count: 29)

    /// Forgets all at the beginning of a period and where there is too much of it: each is then found or written anew, and
    /// is of the new period.
    private func begin(_ period: UInt64) {
        if newcomers.count >= Self.limit { newcomers = [] }
        guard
            period != self.period
                || [texts.count, processes.count, requests.count, actors.count].contains(where: { $0 >= Self.limit })
        else { return }
        self.period = period
        texts = [:]
        processes = [:]
        requests = [:]
        actors = [:]
    }

    private func clock(_ boot: UInt64, _ database: Database) throws -> Int64 {
        if let clock, clock.boot == boot { return clock.id }
        try database.execute(
            sql: "INSERT INTO clock (run, boot) VALUES (?, ?)", arguments: [run, Int64(bitPattern: boot)])
        clock = (boot, database.lastInsertedRowID)
        return database.lastInsertedRowID
    }

    private func actor(of connection: Connection, _ database: Database) throws -> (actor: Int64, sender: Int64) {
        let key = ActorKey(
            process: connection.process.serial, php: connection.php?.serial ?? 0, origin: connection.origin?.serial ?? 0
        )
        if let known = actors[key] { return known }
        let sender = try self.sender(of: connection, database)
        let process = try self.process(connection.process, database)
        let php = try connection.php.map { try request($0, database) }
        let origin = try connection.origin.map { try request($0, database) }
        try database.cachedStatement(
            sql: "INSERT INTO actor (period, sender, process, php, origin) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [Int64(period), sender, process, php, origin])
        actors[key] = (database.lastInsertedRowID, sender)
        return (database.lastInsertedRowID, sender)
    }

    private func sender(of connection: Connection, _ database: Database) throws -> Int64 {
        var body = ByteWriter()
        body.sender(of: connection)
        let data = Data(body.bytes)
        let statement = try database.cachedStatement(
            sql:
                "INSERT INTO sender (period, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET period = excluded.period RETURNING id"
        )
        guard let id = try Int64.fetchOne(statement, arguments: [Int64(period), data]) else {
            throw ByteReader.Malformed()
        }
        return id
    }

    private func process(_ process: MailWatch.Process, _ database: Database) throws -> Int64 {
        if let known = processes[process.serial] { return known }
        try database.cachedStatement(
            sql: "INSERT INTO process (period, shape, lineage, pid, start) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [
            Int64(period), try text(database) { $0.shape(of: process) },
            try text(database) { $0.lineage(of: process) }, Int64(process.description.pid),
            Int64(bitPattern: process.description.startTime),
        ])
        processes[process.serial] = database.lastInsertedRowID
        return database.lastInsertedRowID
    }

    private func request(_ script: Script, _ database: Database) throws -> Int64 {
        if let known = requests[script.serial] { return known }
        let context = script.context ?? PHPContext()
        try database.cachedStatement(
            sql: "INSERT INTO request (period, shape, target, client, pid, start) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            Int64(period), try text(database) { $0.shape(of: script) },
            try text(database) { $0.target(of: context) }, try text(context.client, database),
            Int64(context.pid), Int64(bitPattern: context.startTime),
        ])
        requests[script.serial] = database.lastInsertedRowID
        return database.lastInsertedRowID
    }

    private func text(_ database: Database, _ write: (inout ByteWriter) -> Void) throws -> any DatabaseValueConvertible
    {
        var writer = ByteWriter()
        write(&writer)
        return try text(writer.bytes, database)
    }

    /// The number of a text that has come before; else, or where that would be no longer, the text itself.
    private func text(_ bytes: [UInt8], _ database: Database) throws -> any DatabaseValueConvertible {
        let data = Data(bytes)
        guard bytes.count > 3 else { return data }
        let print = Print(bytes)
        if let known = texts[print] { return known }
        let hash = Int64(
            bitPattern: bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
        let find = try database.cachedStatement(sql: "SELECT id, period FROM text WHERE hash = ? AND bytes = ?")
        if let row = try Row.fetchOne(find, arguments: [hash, data]) {
            let id = try row.integer(0)
            if try row.integer(1) != Int64(period) {
                try database.cachedStatement(sql: "UPDATE text SET period = ? WHERE id = ?").execute(
                    arguments: [Int64(period), id])
            }
            texts[print] = id
            return id
        }
        if newcomers.insert(print.first).inserted { return data }
        try database.cachedStatement(sql: "INSERT INTO text (period, hash, bytes) VALUES (?, ?, ?)").execute(
            arguments: [Int64(period), hash, data])
        texts[print] = database.lastInsertedRowID
        return database.lastInsertedRowID
    }
}
