/// Turns events into connections: joins each one's records, and knows the processes behind them.
///
/// What it holds is bounded by the kernel side: as many open connections as that follows, and
/// `processLimit` processes and `contextLimit` PHP contexts, the longest unused forgotten first.
public struct Tracker {
    /// What an event did to a connection.
    public enum Change: Sendable {
        /// It began. Where its state has ended already, nobody follows it and nothing more will come.
        case opened(Connection)
        case established(Connection)
        /// Something was said on it.
        case spoke(Connection)
        case ended(Connection)

        public var connection: Connection {
            switch self {
            case .opened(let connection), .established(let connection), .spoke(let connection), .ended(let connection):
                connection
            }
        }

        /// The same of another state of the connection.
        func with(_ connection: Connection) -> Change {
            switch self {
            case .opened: .opened(connection)
            case .established: .established(connection)
            case .spoke: .spoke(connection)
            case .ended: .ended(connection)
            }
        }
    }

    /// What is found out about a script: of PHP by its context, of other interpreters by the absolute path that argv has.
    public typealias Inspection = (_ path: [UInt8], _ context: PHPContext?, _ process: ProcessDescription) ->
        Late<ScriptFacts>?

    /// A PHP context, and the script of it once a connect has named it.
    private struct Scene {
        let context: PHPContext
        var own: Script?
        var inherited: Script?
    }

    private var processes: KnownValues<Process>
    private var scenes: KnownValues<Scene>
    private var connections: [UInt64: Connection] = [:]
    /// Of the latest connect, in ns of CLOCK_BOOTTIME: contexts come without a time.
    private var latestTime: UInt64 = 0
    /// Changes of connections about whose senders something is still being looked up.
    private var held = HeldChanges()
    private let place: (ProcessDescription) -> Late<Placement>
    private let inspect: Inspection
    private let judge: (Connection) -> Judgement

    /// - Parameters:
    ///   - place: says what the host knows of a process; called once for each description.
    ///   - inspect: says what is known of a script's file; called once for each script of a process or PHP context.
    ///     Neither waits for what it looks up.
    ///   - judge: gives the verdict; called at each change of a connection.
    public init(
        processLimit: Int = 32_768, contextLimit: Int = 8192, place: @escaping (ProcessDescription) -> Late<Placement>,
        inspect: @escaping Inspection = { _, _, _ in nil },
        judge: @escaping (Connection) -> Judgement = { _ in Judgement(.unknown) }
    ) {
        processes = KnownValues(limit: processLimit)
        scenes = KnownValues(limit: contextLimit)
        self.place = place
        self.inspect = inspect
        self.judge = judge
    }

    /// The same, where all of it is known at once.
    public init(
        processLimit: Int = 32_768, contextLimit: Int = 8192, place: @escaping (ProcessDescription) -> Placement,
        inspect: @escaping (_ path: [UInt8], _ context: PHPContext?, _ process: ProcessDescription) -> ScriptFacts? = {
            _, _, _ in nil
        },
        judge: @escaping (Connection) -> Judgement = { _ in Judgement(.unknown) }
    ) {
        self.init(
            processLimit: processLimit, contextLimit: contextLimit, place: { Late(place($0)) },
            inspect: { inspect($0, $1, $2).map { Late($0) } }, judge: judge)
    }

    /// The connections that have not ended, oldest first.
    public var open: [Connection] { connections.values.sorted { $0.connectTime < $1.connectTime } }

    public var openCount: Int { connections.count }

    public var processCount: Int { processes.count }

    public var contextCount: Int { scenes.count }

    /// Nil for what changes no connection, for the end of a connection that was never seen to begin, and for what waits
    /// until all is known of the sender: `takeSettled` gives that.
    public mutating func handle(_ event: KernelEvent) -> Change? {
        guard let change = change(by: event) else { return nil }
        return held.hold(change) ? nil : change
    }

    /// The changes that have waited for what was looked up about their senders, each connection's in their order.
    ///
    /// - Parameters:
    ///   - now: ns of CLOCK_BOOTTIME.
    ///   - patience: what has waited longer, in ns, waits no more.
    public mutating func takeSettled(at now: UInt64, patience: UInt64) -> [Change] {
        held.takeSettled(at: now, patience: patience).flatMap { changes in
            var judgement = Judgement(.unknown)
            let judged = changes.map { change in
                var connection = change.connection
                connection.judgement = judgement
                judgement = judge(connection)
                connection.judgement = judgement
                return change.with(connection)
            }
            if let id = judged.last?.connection.id { connections[id]?.judgement = judgement }
            return judged
        }
    }

    /// Whether any change waits.
    public var isHolding: Bool { !held.isEmpty }

    private mutating func change(by event: KernelEvent) -> Change? {
        switch event {
        case .connect(let event):
            let process = process(of: event)
            var connection = Connection(
                event, process: process, php: script(event.php, .stack, of: process, at: event.time),
                origin: script(event.origin, .origin, of: process, at: event.time))
            connection.judgement = judgement(of: connection)
            if event.isFollowed { connections[connection.id] = connection }
            return .opened(connection)
        case .handover(let event):
            let process = process(of: event)
            var connection = Connection(
                handover: event, process: process, php: script(event.php, .stack, of: process, at: event.time),
                origin: script(event.origin, .origin, of: process, at: event.time))
            connection.judgement = judgement(of: connection)
            return .opened(connection)
        case .talker(let event):
            let process = process(of: event)
            let php = script(event.php, .stack, of: process, at: event.time)
            let origin = script(event.origin, .origin, of: process, at: event.time)
            return change(event.connection) { $0.hand(to: process, php: php, origin: origin, event) }.map { .spoke($0) }
        case .context(let context, let fingerprint):
            latestTime = max(latestTime, context.startTime)
            scenes.insert(Scene(context: context), as: fingerprint, time: latestTime)
            return nil
        case .program: return nil
        case .established(let event):
            return change(event.connection) { $0.establish(event) }.map { .established($0) }
        case .line(let line):
            return change(line.connection) { $0.take(line) }.map { .spoke($0) }
        case .closed(let event):
            guard var connection = connections.removeValue(forKey: event.connection) else { return nil }
            connection.end(event)
            connection.judgement = judgement(of: connection)
            return .ended(connection)
        }
    }

    /// After a lost end: what the kernel side no longer follows is over. `time` is when the kernel was asked, in ns of
    /// CLOCK_BOOTTIME; what began later is left alone.
    public mutating func endAll(notIn followed: Set<UInt64>, before time: UInt64) -> [Connection] {
        var ended: [Connection] = []
        for (id, connection) in connections where connection.connectTime < time && !followed.contains(id) {
            if let connection = loseEnd(of: connection) { ended.append(connection) }
        }
        return ended.sorted { $0.connectTime < $1.connectTime }
    }

    /// Ends the `count` connections that have been idle longest, as the kernel side is to follow them no longer.
    ///
    /// - Returns: the ids of them all, and those that wait for nothing that is looked up about their senders.
    public mutating func endIdlest(_ count: Int) -> (ids: Set<UInt64>, ended: [Connection]) {
        let idlest = connections.values.sorted { $0.activeTime < $1.activeTime }.prefix(count)
        return (Set(idlest.map(\.id)), idlest.compactMap { loseEnd(of: $0) })
    }

    /// Nil where the end waits for what is looked up about the sender.
    private mutating func loseEnd(of connection: Connection) -> Connection? {
        var connection = connection
        connections[connection.id] = nil
        connection.loseEnd()
        connection.judgement = judgement(of: connection)
        return held.hold(.ended(connection)) ? nil : connection
    }

    /// Forgets what is beyond the limits and returns the identities and contexts, which the kernel side has to forget as
    /// well. Call it now and then, each time with the ring read empty since the last call.
    public mutating func forgetIdle() -> (identities: [UInt64], contexts: [UInt64]) {
        (processes.forgetIdle(), scenes.forgetIdle())
    }

    /// What is not known whole yet is judged when it is.
    private func judgement(of connection: Connection) -> Judgement {
        connection.isSettled ? judge(connection) : connection.judgement
    }

    /// Changes an open connection. Nil where there is none.
    private mutating func change(_ id: UInt64, _ body: (inout Connection) -> Void) -> Connection? {
        guard let index = connections.index(forKey: id) else { return nil }
        body(&connections.values[index])
        connections.values[index].judgement = judgement(of: connections.values[index])
        return connections.values[index]
    }

    private mutating func process(of event: ConnectEvent) -> Process {
        latestTime = max(latestTime, event.time)
        if let description = event.description {
            let script = Interpreter.script(of: description).map {
                Script(evidence: .argv, path: $0, context: nil, found: facts(of: $0, nil, description))
            }
            let process = Process(
                identity: event.identity, description: description, placement: place(description), script: script)
            processes.insert(process, as: event.identity, time: event.time)
            return process
        }
        if let process = processes.use(event.identity, time: event.time) { return process }
        var description = ProcessDescription()
        description.pid = event.thread
        description.comm = event.threadName
        description.gaps = .descriptionLost
        return Process(identity: event.identity, description: description, placement: Placement())
    }

    /// No file on disk is known to be the script where the path is relative. A frame's file without a directory is none.
    private func facts(
        of path: [UInt8], _ context: PHPContext?, _ process: ProcessDescription
    ) -> Late<ScriptFacts>? {
        guard Path.isAbsolute(path) || context?.culpritFrame != nil else {
            return Late(ScriptFacts(obstacle: .unknownDirectory))
        }
        return inspect(path, context, process)
    }

    /// The script of a context that a connect names.
    private mutating func script(
        _ fingerprint: UInt64, _ evidence: Script.Evidence, of process: Process, at time: UInt64
    ) -> Script? {
        guard fingerprint != 0 else { return nil }
        guard var scene = scenes.use(fingerprint, time: time) else {
            var context = PHPContext()
            context.gaps = .contextLost
            return Script(evidence: evidence, context: context, found: nil)
        }
        if let known = evidence == .stack ? scene.own : scene.inherited { return known }
        let path = scene.context.culpritPath
        let found = path.isEmpty ? nil : facts(of: path, scene.context, process.description)
        let script = Script(evidence: evidence, context: scene.context, found: found)
        if evidence == .stack { scene.own = script } else { scene.inherited = script }
        scenes.insert(scene, as: fingerprint, time: time)
        return script
    }
}
