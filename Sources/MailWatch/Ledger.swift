/// Who sends: a user's program, or the script that it runs.
public struct Sender: Hashable, Sendable {
    public let uid: UInt32?
    public let program: [UInt8]
    /// Empty where there is none.
    public let script: [UInt8]

    public init(_ connection: Connection) {
        uid = connection.process.description.uid
        program = connection.process.program
        script = connection.script?.path ?? []
    }
}

/// What one sender did.
public struct SenderRecord: Sendable {
    /// Destinations are told apart up to this number.
    public static let destinationLimit = 256

    public let user: String
    public let program: [UInt8]
    /// The script that the program runs; empty where there is none.
    public let script: [UInt8]
    public fileprivate(set) var connects = 0
    public fileprivate(set) var failed = 0
    /// Those of the connects that are none: mail handed to the local mail server.
    public fileprivate(set) var handovers = 0
    /// How many of the connects have which verdict; none is 0.
    public fileprivate(set) var verdicts: [Verdict: Int] = [:]
    public fileprivate(set) var destinations: Set<IPAddress> = []
    /// Of the latest connect, in ns of CLOCK_BOOTTIME.
    fileprivate var lastTime: UInt64 = 0

    fileprivate init(_ connection: Connection) {
        user = connection.process.user
        program = connection.process.program
        script = connection.script?.path ?? []
    }
}

/// Connections summed by sender. Holds `limit` senders, and the sum of what came from any others.
public struct Ledger: Sendable {
    public private(set) var connects = 0
    /// Connects of senders beyond the limit.
    public private(set) var others = 0
    /// How many connects have which verdict; none is 0.
    public private(set) var verdicts: [Verdict: Int] = [:]
    /// The verdicts and senders of connections that have not ended: they may still change.
    private var pending: [UInt64: (verdict: Verdict, sender: Int?)] = [:]
    private var records: [SenderRecord] = []
    private var indices: [Sender: Int] = [:]
    /// The same by the serial numbers of process and script; nil where the sender is beyond the limit.
    private var indicesBySerial: [Serial: Int?] = [:]
    private let limit: Int

    private struct Serial: Hashable { let process, script: UInt64 }

    public init(limit: Int = 4096) { self.limit = limit }

    public var senderCount: Int { records.count }

    public mutating func note(_ change: Tracker.Change) {
        switch change {
        case .opened(let connection): open(connection)
        case .established(let connection), .spoke(let connection): update(connection)
        case .ended(let connection):
            update(connection)
            pending[connection.id] = nil
            if connection.isFailure, let index = index(of: connection) { records[index].failed += 1 }
        }
    }

    /// The `count` senders with the most connects.
    public func busiest(_ count: Int) -> [SenderRecord] {
        Array(
            records.filter { $0.connects > 0 }.sorted { ($0.connects, $0.lastTime) > ($1.connects, $1.lastTime) }
                .prefix(count))
    }

    private mutating func open(_ connection: Connection) {
        connects += 1
        let verdict = connection.judgement.verdict
        verdicts[verdict, default: 0] += 1
        let index = index(of: connection)
        if !connection.state.hasEnded { pending[connection.id] = (verdict, index) }
        count(connection, for: index)
    }

    private mutating func count(_ connection: Connection, for index: Int?) {
        let verdict = connection.judgement.verdict
        guard let index else {
            others += 1
            return
        }
        records[index].connects += 1
        records[index].verdicts[verdict, default: 0] += 1
        records[index].lastTime = connection.connectTime
        if connection.state == .handedOver {
            records[index].handovers += 1
        } else if records[index].destinations.count < SenderRecord.destinationLimit {
            records[index].destinations.insert(connection.destination.address)
        }
    }

    private mutating func update(_ connection: Connection) {
        let new = connection.judgement.verdict
        let index = index(of: connection)
        let (old, former) = pending.updateValue((new, index), forKey: connection.id) ?? (new, index)
        verdicts.move(from: old, to: new)
        guard former != index else {
            if let index { records[index].verdicts.move(from: old, to: new) }
            return
        }
        // Another process sends on it now.
        if let former {
            records[former].connects -= 1
            records[former].verdicts.remove(old)
        } else {
            others -= 1
        }
        count(connection, for: index)
    }

    private mutating func index(of connection: Connection) -> Int? {
        let serial = Serial(process: connection.process.serial, script: connection.script?.serial ?? 0)
        if let known = indicesBySerial[serial] { return known }
        // Only a short cut: bounded by beginning anew.
        if indicesBySerial.count >= 16 * limit { indicesBySerial = [:] }
        let sender = Sender(connection)
        var index = indices[sender]
        if index == nil, records.count < limit {
            index = records.count
            indices[sender] = records.count
            records.append(SenderRecord(connection))
        }
        indicesBySerial[serial] = .some(index)
        return index
    }
}

extension [Verdict: Int] {
    /// One that was counted counts no longer.
    package mutating func remove(_ verdict: Verdict) {
        guard let count = self[verdict] else { return }
        self[verdict] = count > 1 ? count - 1 : nil
    }

    /// One that was counted has become another.
    package mutating func move(from old: Verdict, to new: Verdict) {
        guard old != new, let count = self[old] else { return }
        self[old] = count > 1 ? count - 1 : nil
        self[new, default: 0] += 1
    }
}
