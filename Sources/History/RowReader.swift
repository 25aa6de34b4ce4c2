internal import GRDB
internal import MailWatch

/// Makes connections of rows. Processes, scripts and texts that come again are made once, up to a bound.
final class RowReader {
    private static let limit = 8192

    /// What a connection takes: the columns of `connection`, in the order in which they are read.
    static let columns = """
        id, shift, clock, actor, state, verdict, reasons, thread, thread_name, source, source_port, destination, \
        destination_port, name, established, ended, error, cookie, sent, received, dialogue, mail_from, size, rcpt_to, \
        recipients, messages, accepted, greeting, reply, sender
        """

    private struct Actor {
        let process: MailWatch.Process
        let php: Script?
        let origin: Script?
    }

    private let database: Database
    private var texts: [Int64: [UInt8]] = [:]
    private var processes: [Int64: MailWatch.Process] = [:]
    private var scripts: [Int64: Script] = [:]
    private var actors: [Int64: Actor] = [:]
    private var clocks: [Int64: WallClock] = [:]

    init(_ database: Database) { self.database = database }

    func recorded(_ row: Row) throws -> Recorded {
        let key = try row.time(0)
        let clock = try self.clock(row.integer(2))
        let actor = try self.actor(row.integer(3))
        let time = try row.time(0, minus: 1) &- clock.bootTime
        let state = try Self.element(row.integer(4), of: ConnectionState.allCases)
        var connection = Connection(
            recorded: key, process: actor.process, php: actor.php, origin: actor.origin,
            thread: try row.number(7), threadName: try text(row[8]), source: try Self.endpoint(row, at: 9),
            destination: try Self.endpoint(row, at: 11), connectTime: time, state: state)
        let judgement = Judgement(
            try Self.element(row.integer(5), of: Verdict.allCases), try ByteReader.reasons(try text(row[6])))
        connection.recall(
            establishedTime: try row.optionalSpan(14).map { time &+ $0 },
            endTime: try row.optionalSpan(15).map { time &+ $0 }, error: try row.number(16),
            cookie: UInt64(bitPattern: try row.integer(17)), bytesSent: UInt64(bitPattern: try row.integer(18)),
            bytesReceived: UInt64(bitPattern: try row.integer(19)), dialogue: try dialogue(row), judgement: judgement)
        return Recorded(
            key: Int64(key), sender: try row.integer(29), connection: connection, name: try text(row[13]), clock: clock)
    }

    static func address(_ bytes: [UInt8]) throws -> IPAddress {
        guard let address = IPAddress(bytes: bytes) else { throw ByteReader.Malformed() }
        return address
    }

    static func element<Element>(_ index: Int64, of elements: [Element]) throws -> Element {
        guard elements.indices.contains(Int(index)) else { throw ByteReader.Malformed() }
        return elements[Int(index)]
    }

    /// The address, and in the next column the port.
    private static func endpoint(_ row: Row, at index: Int) throws -> Endpoint {
        Endpoint(address: try Self.address(row.blob(index)), port: try row.number(index + 1))
    }

    private func dialogue(_ row: Row) throws -> SMTPDialogue? {
        guard !row.hasNull(atIndex: 20) else { return nil }
        var dialogue = try ByteReader.dialogue(shape: try text(row[20]))
        dialogue.sender = try optionalText(row[21])
        dialogue.size = try row.optionalInteger(22).map(UInt64.init(bitPattern:))
        dialogue.recipient = try optionalText(row[23])
        dialogue.recipients = try row.number(24)
        dialogue.messages = try row.number(25)
        dialogue.accepted = try row.number(26)
        dialogue.greeting = try optionalText(row[27]).map { bytes in try ByteReader.reply(bytes) }
        dialogue.lastReply = try optionalText(row[28]).map { bytes in try ByteReader.reply(bytes) }
        return dialogue
    }

    private func optionalText(_ value: DatabaseValue) throws -> [UInt8]? { value.isNull ? nil : try text(value) }

    private func text(_ value: DatabaseValue) throws -> [UInt8] {
        switch value.storage {
        case .blob(let bytes): return Array(bytes)
        case .int64(let id):
            if let known = texts[id] { return known }
            let find = try database.cachedStatement(sql: "SELECT bytes FROM text WHERE id = ?")
            guard let row = try Row.fetchOne(find, arguments: [id]) else { throw ByteReader.Malformed() }
            let bytes = try row.blob(0)
            if texts.count >= Self.limit { texts = [:] }
            texts[id] = bytes
            return bytes
        default: throw ByteReader.Malformed()
        }
    }

    private func clock(_ id: Int64) throws -> WallClock {
        if let known = clocks[id] { return known }
        let clock = WallClock(bootTime: try row("SELECT boot FROM clock WHERE id = ?", id).time(0))
        if clocks.count >= Self.limit { clocks = [:] }
        clocks[id] = clock
        return clock
    }

    private func actor(_ id: Int64) throws -> Actor {
        if let known = actors[id] { return known }
        let row = try row("SELECT process, php, origin FROM actor WHERE id = ?", id)
        let actor = Actor(
            process: try process(row.integer(0)), php: try row.optionalInteger(1).map { id in try script(id) },
            origin: try row.optionalInteger(2).map { id in try script(id) })
        if actors.count >= Self.limit { actors = [:] }
        actors[id] = actor
        return actor
    }

    private func process(_ id: Int64) throws -> MailWatch.Process {
        if let known = processes[id] { return known }
        let row = try row("SELECT shape, lineage, pid, start FROM process WHERE id = ?", id)
        let process = try ByteReader.process(
            shape: try text(row[0]), lineage: try text(row[1]), pid: try row.number(2),
            startTime: UInt64(bitPattern: try row.integer(3)))
        if processes.count >= Self.limit { processes = [:] }
        processes[id] = process
        return process
    }

    private func script(_ id: Int64) throws -> Script {
        if let known = scripts[id] { return known }
        let row = try row("SELECT shape, target, client, pid, start FROM request WHERE id = ?", id)
        let script = try ByteReader.script(
            shape: try text(row[0]), target: try text(row[1]), client: try text(row[2]), pid: try row.number(3),
            startTime: UInt64(bitPattern: try row.integer(4)))
        if scripts.count >= Self.limit { scripts = [:] }
        scripts[id] = script
        return script
    }

    private func row(_ sql: String, _ id: Int64) throws -> Row {
        guard let row = try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: [id]) else {
            throw ByteReader.Malformed()
        }
        return row
    }
}
