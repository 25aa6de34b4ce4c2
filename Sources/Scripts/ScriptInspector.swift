public import HostFacts
public import MailWatch
internal import Synchronization

/// Finds out what is known of scripts' files, under the roots of the processes that name them.
///
/// The files are read by workers, as any of them may lie on a file system that never answers. All that is in them is as
/// who wrote them wants it.
public final class ScriptInspector: Sendable {
    /// Results that are kept.
    static let cacheLimit = 1024
    static let cacheTime = Duration.seconds(1)

    private struct State {
        var cache = FactsCache()
        /// Inspections under way.
        var pending: [Question: Late<ScriptFacts>] = [:]
    }

    /// One user does not wait for what another one has asked for.
    private struct Question: Hashable {
        let key: FactsCache.Key
        let payer: Workers.Payer
    }

    private let workers: Workers
    private let inspect: @Sendable (Inspection) -> ScriptFacts
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// - Parameter first: the first process of the host, whose files the processes of most users see.
    public convenience init(first: UInt32 = 1, workers: Workers, users: UserNames) {
        self.init(workers: workers) { $0.facts(first: first, users: users) }
    }

    /// - Parameter inspect: is called by a worker.
    init(
        workers: Workers, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        inspect: @escaping @Sendable (Inspection) -> ScriptFacts
    ) {
        self.workers = workers
        self.now = now
        self.inspect = inspect
    }

    /// Whether this program may see the root directory of a process; nil when there is no such process.
    public static func canReach(_ pid: UInt32) -> Bool? { ProcessRoot.canReach(pid) }

    /// Facts of the script at `path`, when they are known. The user of the process pays for the inspection. While an earlier
    /// one of the same file hangs the result is `.timedOut`; what comes later is known to the next who asks within a second.
    /// - Parameters:
    ///   - path: absolute, as `process` names it; a name of PHP's compiled code means the file that it is from.
    ///   - process: the one that names it. Its start time keeps another of the same pid from being taken for it.
    ///   - pid: the PHP process that started it, whose root is as good where the process has ended.
    ///   - startTime: that one's, in ns of CLOCK_BOOTTIME. Without it, it must be an ancestor of `process` or see the
    ///     same files.
    ///   - others: further paths of the process, where the script's own says nothing of its application: the entry
    ///     script, and the files of other frames.
    ///   - namesOwner: false for a process with users of its own: the host's name for the number is somebody else's.
    public func find(
        _ path: [UInt8], in process: ProcessDescription, alsoTry pid: UInt32? = nil,
        startedAt startTime: UInt64? = nil, others: [[UInt8]] = [], namesOwner: Bool = true
    ) -> Late<ScriptFacts> {
        let path = PHPContext.Frame.sourceFile(of: path)
        guard Path.isAbsolute(path), path.count <= Path.limit, !path.contains(0) else {
            return Late(ScriptFacts(obstacle: .unreadable))
        }
        return find(
            Inspection(
                path: path, process: process, origin: pid.map { .init(pid: $0, startTime: startTime) },
                others: others.map(PHPContext.Frame.sourceFile), namesOwner: namesOwner))
    }

    private func find(_ inspection: Inspection) -> Late<ScriptFacts> {
        let key = FactsCache.Key(inspection)
        // A process without a description has no known user.
        let payer = inspection.process.uid.map(Workers.Payer.user) ?? .place("unknown user")
        let question = Question(key: key, payer: payer)
        let (late, isNew) = state.withLock { state -> (Late<ScriptFacts>, Bool) in
            if let facts = state.cache.facts(key, at: now()) { return (Late(facts), false) }
            // Settled without facts: nobody waits for this one any longer.
            if let pending = state.pending[question] { return (pending, false) }
            let late = Late { ScriptFacts(obstacle: .timedOut) }
            state.pending[question] = late
            return (late, true)
        }
        guard isNew else { return late }
        workers.run(for: payer) { [self] in
            let facts = inspect(inspection)
            state.withLock { state in
                state.cache.keep(facts, of: key, at: now())
                state.pending[question] = nil
            }
            late.settle(facts)
        } otherwise: { [self] refusal in
            // One that was begun is there until it returns.
            if refusal != .timedOut { state.withLock { $0.pending[question] = nil } }
            late.settle(ScriptFacts(obstacle: refusal == .tooMany ? .tooMany : .timedOut))
        }
        return late
    }
}

/// Facts that are fresh enough to be told again. Bounded: the oldest go.
struct FactsCache {
    struct Key: Hashable {
        var mountNamespace: UInt32
        var root: [UInt8]
        var path: [UInt8]
        /// 0 unless the namespace is not known: then nobody else's files are the same.
        var process: UInt64
        var namesOwner: Bool

        init(_ inspection: Inspection) {
            mountNamespace = inspection.process.mountNamespace
            root = inspection.process.root
            path = inspection.path
            namesOwner = inspection.namesOwner
            process = mountNamespace == 0 ? inspection.process.startTime ^ UInt64(inspection.process.pid) << 32 : 0
        }
    }

    private var entries: [Key: (facts: ScriptFacts, time: ContinuousClock.Instant, number: UInt64)] = [:]
    /// Oldest first; an entry that was renewed stands here twice.
    private var order: [(key: Key, number: UInt64)] = []
    private var kept: UInt64 = 0

    var count: Int { entries.count }

    func facts(_ key: Key, at now: ContinuousClock.Instant) -> ScriptFacts? {
        guard let entry = entries[key], now - entry.time < ScriptInspector.cacheTime else { return nil }
        return entry.facts
    }

    mutating func keep(_ facts: ScriptFacts, of key: Key, at now: ContinuousClock.Instant) {
        // One that could not be reached may be reached through another process.
        guard facts.obstacle != .outOfReach else { return }
        kept += 1
        entries[key] = (facts, now, kept)
        order.append((key, kept))
        while order.count > ScriptInspector.cacheLimit {
            let oldest = order.removeFirst()
            if entries[oldest.key]?.number == oldest.number { entries[oldest.key] = nil }
        }
    }
}
