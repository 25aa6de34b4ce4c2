public import MailWatch

/// All that the view can show: connections summed by each of the groupings, and the latest ones themselves. What it holds
/// is bounded, however many senders there are.
public struct Board: Sendable {
    /// The groups of one grouping.
    private struct Table {
        var groups: [Int: Group] = [:]
        var numbers: [GroupKey: Int] = [:]
        /// Connects of groups that had to go.
        var others = 0
        private var count = 0

        mutating func number(of connection: Connection, by grouping: Grouping, limit: Int) -> Int {
            let key = grouping.key(of: connection)
            if let known = numbers[key] { return known }
            if groups.count >= limit { forget(limit / 4 + 1) }
            count += 1
            groups[count] = Group(key: key, last: connection)
            numbers[key] = count
            return count
        }

        /// A connection goes to another group.
        mutating func leave(_ number: Int, verdict: Verdict) {
            guard let group = groups[number] else {
                others -= 1
                return
            }
            groups[number]?.connects -= 1
            groups[number]?.verdicts.remove(verdict)
            guard group.connects == 1 else { return }
            groups[number] = nil
            numbers[group.key] = nil
        }

        /// Those go that have done nothing for the longest time, and of alarms the last.
        private mutating func forget(_ count: Int) {
            func isBefore(_ a: Group, _ b: Group) -> Bool {
                let (first, second) = (a.verdicts[.directMX] != nil, b.verdicts[.directMX] != nil)
                return first == second ? a.last.connectTime < b.last.connectTime : second
            }
            for (number, group) in groups.sorted(by: { isBefore($0.value, $1.value) }).prefix(count) {
                others += group.connects
                groups[number] = nil
                numbers[group.key] = nil
            }
        }
    }

    /// What may still change of a connection.
    private struct Pending {
        var numbers: [5 of Int]
        var verdict: Verdict
        var recipients: UInt32
        var slot: Int
    }

    public private(set) var connects = 0
    /// How many connections have which verdict; none is 0.
    public private(set) var verdicts: [Verdict: Int] = [:]
    /// Connects of the last five minutes, in steps of 5 s.
    private(set) var meter = Meter(step: 5_000_000_000, count: 60)
    private var tables = [Table](repeating: Table(), count: Grouping.allCases.count)
    private var pending: [UInt64: Pending] = [:]
    /// The latest connections; the oldest is written over.
    private var recent: [Connection] = []
    private var slot = 0
    private let groupLimit: Int
    private let recentLimit: Int

    /// - Parameters:
    ///   - groupLimit: groups of each grouping.
    ///   - recentLimit: connections that are kept whole.
    public init(groupLimit: Int = 2048, recentLimit: Int = 4096) {
        self.groupLimit = max(groupLimit, 1)
        self.recentLimit = max(recentLimit, 1)
    }

    public var openCount: Int { pending.count }

    public mutating func note(_ change: Tracker.Change) {
        switch change {
        case .opened(let connection): open(connection)
        case .established(let connection), .spoke(let connection): update(connection)
        case .ended(let connection):
            update(connection)
            guard let entry = pending.removeValue(forKey: connection.id), connection.isFailure else { return }
            for index in tables.indices { tables[index].groups[entry.numbers[index]]?.failed += 1 }
        }
    }

    func groups(by grouping: Grouping) -> [Group] { Array(tables[grouping.rawValue].groups.values) }

    func group(_ key: GroupKey, by grouping: Grouping) -> Group? {
        let table = tables[grouping.rawValue]
        return table.numbers[key].flatMap { table.groups[$0] }
    }

    /// Connects of groups that there was no room for.
    func others(by grouping: Grouping) -> Int { tables[grouping.rawValue].others }

    /// Of the connections that are kept, those of a group, the latest first; nil all.
    func connections(of key: GroupKey?, by grouping: Grouping) -> [Connection] {
        let latestFirst = Array(recent[..<slot].reversed() + recent[slot...].reversed())
        guard let key else { return latestFirst }
        return latestFirst.filter { grouping.key(of: $0) == key }
    }

    func connection(_ id: UInt64) -> Connection? { recent.last { $0.id == id } }

    private mutating func open(_ connection: Connection) {
        connects += 1
        meter.note(connection.connectTime)
        let verdict = connection.judgement.verdict
        verdicts[verdict, default: 0] += 1
        var entry = Pending(numbers: .init(repeating: 0), verdict: verdict, recipients: 0, slot: keep(connection))
        for grouping in Grouping.allCases {
            let index = grouping.rawValue
            let number = tables[index].number(of: connection, by: grouping, limit: groupLimit)
            entry.numbers[index] = number
            tables[index].groups[number]?.open(connection)
        }
        if connection.state.hasEnded { return }
        pending[connection.id] = entry
        if connection.dialogue != nil { update(connection) }
    }

    private mutating func update(_ connection: Connection) {
        guard var entry = pending[connection.id] else { return }
        let new = connection.judgement.verdict
        let recipients = max(connection.dialogue?.recipients ?? 0, entry.recipients)
        verdicts.move(from: entry.verdict, to: new)
        if !connection.formerProcesses.isEmpty { move(connection, &entry) }
        for index in tables.indices {
            tables[index].groups[entry.numbers[index]]?.update(
                connection, verdict: (entry.verdict, new), recipients: recipients - entry.recipients)
        }
        if recent[entry.slot].id == connection.id { recent[entry.slot] = connection }
        entry.verdict = new
        entry.recipients = recipients
        pending[connection.id] = entry
    }

    /// Another process sends on it: it counts for that one's groups.
    private mutating func move(_ connection: Connection, _ entry: inout Pending) {
        for grouping in Grouping.allCases {
            let index = grouping.rawValue
            let number = tables[index].number(of: connection, by: grouping, limit: groupLimit)
            guard number != entry.numbers[index] else { continue }
            tables[index].leave(entry.numbers[index], verdict: entry.verdict)
            tables[index].groups[number]?.open(connection, as: entry.verdict)
            entry.numbers[index] = number
        }
    }

    /// Returns where it is kept.
    private mutating func keep(_ connection: Connection) -> Int {
        if slot == recentLimit { slot = 0 }
        if slot == recent.count { recent.append(connection) } else { recent[slot] = connection }
        slot += 1
        return slot - 1
    }
}
