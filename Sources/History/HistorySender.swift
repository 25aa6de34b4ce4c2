public import MailWatch

/// What a behaviour that repeats is known by.
public struct HistorySender: Sendable, Hashable {
    public var uid: UInt32?
    public var user: String
    /// The exe, or comm where there is no exe.
    public var program: [UInt8]
    /// Empty where there is none.
    public var script: [UInt8]
    /// Of PHP's FPM; empty where there is none.
    public var pool: [UInt8]
    public var unit: String?
    public var container: String?

    public init(_ connection: Connection) {
        uid = connection.process.description.uid
        user = connection.process.user
        program = connection.process.program
        script = connection.script?.path ?? []
        pool = connection.script?.context?.pool ?? []
        unit = connection.process.placement.unit
        container = connection.process.placement.container
    }

    init(body: [UInt8]) throws(ByteReader.Malformed) {
        var reader = ByteReader(body)
        uid = try reader.optionalNumber()
        user = try reader.string()
        program = try reader.text()
        script = try reader.text()
        pool = try reader.text()
        unit = try reader.optional { reader throws(ByteReader.Malformed) in try reader.string() }
        container = try reader.optional { reader throws(ByteReader.Malformed) in try reader.string() }
    }
}

extension ByteWriter {
    mutating func sender(of connection: Connection) {
        let sender = HistorySender(connection)
        number(optional: sender.uid)
        text(sender.user)
        text(sender.program)
        text(sender.script)
        text(sender.pool)
        optional(sender.unit) { $0.text($1) }
        optional(sender.container) { $0.text($1) }
    }
}
