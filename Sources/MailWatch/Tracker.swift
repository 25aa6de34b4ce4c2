/// Turns events into connections: joins each one's records, and knows the processes behind them.
///
/// What it holds is bounded by the kernel side: as many open connections as that follows, and `processLimit`
/// processes, the longest unused forgotten first.
public struct Tracker {
    /// What an event did to a connection.
    public enum Change: Sendable {
        /// It began. Where its state has ended already, nobody follows it and nothing more will come.
        case opened(Connection)
        case established(Connection)
        case ended(Connection)
    }

    private struct Known {
        let process: Process
        var lastUse: UInt64
    }

    private var processes: [UInt64: Known] = [:]
    /// Forgotten by the kernel side too, but records that are on their way may still name them.
    private var retired: [UInt64: Known] = [:]
    private var connections: [UInt64: Connection] = [:]
    private let processLimit: Int
    private let place: (ProcessDescription) -> Placement

    /// - Parameter place: says what the host knows of a process; called once for each description.
    public init(processLimit: Int = 32_768, place: @escaping (ProcessDescription) -> Placement) {
        self.processLimit = processLimit
        self.place = place
    }

    /// The connections that have not ended, oldest first.
    public var open: [Connection] { connections.values.sorted { $0.connectTime < $1.connectTime } }

    public var openCount: Int { connections.count }

    public var processCount: Int { processes.count + retired.count }

    /// Nil for the end of a connection that was never seen to begin.
    public mutating func handle(_ event: KernelEvent) -> Change? {
        switch event {
        case .connect(let event):
            let connection = Connection(event, process: process(of: event))
            if event.isFollowed { connections[connection.id] = connection }
            return .opened(connection)
        case .established(let event):
            connections[event.connection]?.establish(event)
            return connections[event.connection].map { .established($0) }
        case .closed(let event):
            guard var connection = connections.removeValue(forKey: event.connection) else { return nil }
            connection.end(event)
            return .ended(connection)
        }
    }

    /// After a lost end: what the kernel side no longer follows is over. `time` is when the kernel was asked, in ns of
    /// CLOCK_BOOTTIME; what began later is left alone.
    public mutating func endAll(notIn followed: Set<UInt64>, before time: UInt64) -> [Connection] {
        var ended: [Connection] = []
        for (id, var connection) in connections where connection.connectTime < time && !followed.contains(id) {
            connections[id] = nil
            connection.loseEnd()
            ended.append(connection)
        }
        return ended.sorted { $0.connectTime < $1.connectTime }
    }

    /// Forgets processes beyond the limit and returns their identities, which the kernel side has to forget as well.
    /// Call it now and then, each time with the ring read empty since the last call.
    public mutating func forgetIdleProcesses() -> [UInt64] {
        retired = [:]
        guard processes.count > processLimit else { return [] }
        let oldest = processes.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(processes.count - processLimit / 2)
        for (identity, known) in oldest {
            processes[identity] = nil
            retired[identity] = known
        }
        return oldest.map(\.key)
    }

    private mutating func process(of event: ConnectEvent) -> Process {
        if let description = event.description {
            let process = Process(identity: event.identity, description: description, placement: place(description))
            processes[event.identity] = Known(process: process, lastUse: event.time)
            return process
        }
        if let process = processes[event.identity]?.process {
            processes[event.identity]?.lastUse = event.time
            return process
        }
        if let process = retired[event.identity]?.process { return process }
        var description = ProcessDescription()
        description.pid = event.thread
        description.comm = event.threadName
        description.gaps = .descriptionLost
        return Process(identity: event.identity, description: description, placement: Placement())
    }
}
