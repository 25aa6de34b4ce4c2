internal import Foundation
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
        let key: Int64 = row[0]
        let clock = try self.clock(row[2])
        let actor = try self.actor(row[3])
        let time = UInt64(bitPattern: key &- (row[1] as Int64)) &- clock.bootTime
        let state = try Self.element(row[4], of: ConnectionState.allCases)
        var connection = Connection(
            recorded: UInt64(bitPattern: key), process: actor.process, php: actor.php, origin: actor.origin,
            thread: try Self.number(row[7]), threadName: try text(row[8]), source: try Self.endpoint(row[9], row[10]),
            destination: try Self.endpoint(row[11], row[12]), connectTime: time, state: state)
        func moment(_ value: Int64?) -> UInt64? { value.map { time &+ UInt64(bitPattern: $0) } }
        let judgement = Judgement(
            try Self.element(row[5], of: Verdict.allCases), try ByteReader.reasons(try text(row[6])))
        connection.recall(
            establishedTime: moment(row[14]), endTime: moment(row[15]),
            error: Int32(truncatingIfNeeded: row[16] as Int64),
            cookie: UInt64(bitPattern: row[17]), bytesSent: UInt64(bitPattern: row[18]),
            bytesReceived: UInt64(bitPattern: row[19]), dialogue: try dialogue(row), judgement: judgement)
        return Recorded(
            key: key, sender: row[29], connection: connection, name: try text(row[13]), clock: clock)
    }

    static func address(_ bytes: Data) throws -> IPAddress {
        guard let address = IPAddress(bytes: Array(bytes)) else { throw ByteReader.Malformed() }
        return address
    }

    static func element<Element>(_ index: Int64, of elements: [Element]) throws -> Element {
        guard elements.indices.contains(Int(index)) else { throw ByteReader.Malformed() }
        return elements[Int(index)]
    }

    private static func endpoint(_ address: Data, _ port: Int64) throws -> Endpoint {
        Endpoint(address: try Self.address(address), port: try number(port))
    }

    private static func number<Number: FixedWidthInteger>(_ value: Int64) throws -> Number {
        guard let number = Number(exactly: value) else { throw ByteReader.Malformed() }
        return number
    }

    private func dialogue(_ row: Row) throws -> SMTPDialogue? {
        guard !row.hasNull(atIndex: 20) else { return nil }
        var dialogue = try ByteReader.dialogue(shape: try text(row[20]))
        dialogue.sender = try optionalText(row[21])
        dialogue.size = (row[22] as Int64?).map(UInt64.init(bitPattern:))
        dialogue.recipient = try optionalText(row[23])
        dialogue.recipients = try Self.number(row[24])
        dialogue.messages = try Self.number(row[25])
        dialogue.accepted = try Self.number(row[26])
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
            guard let bytes = try Data.fetchOne(find, arguments: [id]) else { throw ByteReader.Malformed() }
            if texts.count >= Self.limit { texts = [:] }
            texts[id] = Array(bytes)
            return Array(bytes)
        default: throw ByteReader.Malformed()
        }
    }

    private func clock(_ id: Int64) throws -> WallClock {
        if let known = clocks[id] { return known }
        let boot = try row("SELECT boot FROM clock WHERE id = ?", id)[0] as Int64
        let clock = WallClock(bootTime: UInt64(bitPattern: boot))
        if clocks.count >= Self.limit { clocks = [:] }
        clocks[id] = clock
        return clock
    }

    private func actor(_ id: Int64) throws -> Actor {
        if let known = actors[id] { return known }
        let row = try row("SELECT process, php, origin FROM actor WHERE id = ?", id)
        let actor = Actor(
            process: try process(row[0]), php: try (row[1] as Int64?).map { id in try script(id) },
            origin: try (row[2] as Int64?).map { id in try script(id) })
        if actors.count >= Self.limit { actors = [:] }
        actors[id] = actor
        return actor
    }

    private func process(_ id: Int64) throws -> MailWatch.Process {
        if let known = processes[id] { return known }
        let row = try row("SELECT shape, lineage, pid, start FROM process WHERE id = ?", id)
        let process = try ByteReader.process(
            shape: try text(row[0]), lineage: try text(row[1]), pid: try Self.number(row[2]),
            startTime: UInt64(bitPattern: row[3] as Int64))
        if processes.count >= Self.limit { processes = [:] }
        processes[id] = process
        return process
    }

    private func script(_ id: Int64) throws -> Script {
        if let known = scripts[id] { return known }
        let row = try row("SELECT shape, target, client, pid, start FROM request WHERE id = ?", id)
        let script = try ByteReader.script(
            shape: try text(row[0]), target: try text(row[1]), client: try text(row[2]), pid: try Self.number(row[3]),
            startTime: UInt64(bitPattern: row[4] as Int64))
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
