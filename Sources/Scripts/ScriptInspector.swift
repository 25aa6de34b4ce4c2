internal import Dispatch
internal import HostFacts
public import MailWatch
internal import Synchronization

/// Finds out what is known of scripts' files, under the roots of the processes that name them.
///
/// The files are read by a worker, one after the other, as any of them may lie on a file system that never answers. All
/// that is in them is as who wrote them wants it.
public final class ScriptInspector: Sendable {
    /// Results that are kept.
    static let cacheLimit = 1024
    static let cacheTime = Duration.seconds(1)

    private struct State {
        var cache = FactsCache()
        var asked: UInt64 = 0
        var answers: [UInt64: ScriptFacts] = [:]
        /// Those nobody waits for any longer.
        var late: Set<UInt64> = []
    }

    private let patience: Duration
    private let inspect: @Sendable (Inspection) -> ScriptFacts
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())
    private let worker = DispatchQueue(label: "mailsnoop.scripts")

    /// - Parameters:
    ///   - first: the first process of the host, whose files the processes of most users see.
    ///   - patience: how long facts(of:) waits at most.
    public convenience init(first: UInt32 = 1, patience: Duration = .milliseconds(20)) {
        let users = Mutex(UserNames())
        self.init(patience: patience) { inspection in
            users.withLock { inspection.facts(first: first, users: $0) }
        }
    }

    /// - Parameter inspect: is called on the worker.
    init(
        patience: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        inspect: @escaping @Sendable (Inspection) -> ScriptFacts
    ) {
        self.patience = patience
        self.now = now
        self.inspect = inspect
    }

    /// Whether this program may see the root directory of a process; nil when there is no such process.
    public static func canReach(_ pid: UInt32) -> Bool? { ProcessRoot.canReach(pid) }

    /// Facts of the script at `path`. Never waits longer than `patience`, and not at all while an earlier inspection
    /// hangs: the result is then `.timedOut`. What comes later is known to the next who asks within a second.
    /// - Parameters:
    ///   - path: absolute, as `process` names it; a name of PHP's compiled code means the file that it is from.
    ///   - process: the one that names it. Its start time keeps another of the same pid from being taken for it.
    ///   - pid: the PHP process that started it, whose root is as good where the process has ended.
    ///   - startTime: that one's, in ns of CLOCK_BOOTTIME. Without it, it must be an ancestor of `process` or see the
    ///     same files.
    ///   - others: further paths of the process, where the script's own says nothing of its application: the entry
    ///     script, and the files of other frames.
    public func facts(
        of path: [UInt8], in process: ProcessDescription, alsoTry pid: UInt32? = nil,
        startedAt startTime: UInt64? = nil, others: [[UInt8]] = []
    ) -> ScriptFacts {
        let path = PHPContext.Frame.sourceFile(of: path)
        guard Path.isAbsolute(path), path.count <= Path.limit, !path.contains(0) else {
            var facts = ScriptFacts()
            facts.obstacle = .unreadable
            return facts
        }
        let inspection = Inspection(
            path: path, process: process, origin: pid.map { .init(pid: $0, startTime: startTime) },
            others: others.map(PHPContext.Frame.sourceFile))
        return facts(inspection)
    }

    private func facts(_ inspection: Inspection) -> ScriptFacts {
        var timedOut = ScriptFacts()
        timedOut.obstacle = .timedOut
        let key = FactsCache.Key(inspection)
        let (known, number) = state.withLock { state -> (ScriptFacts?, UInt64) in
            if let facts = state.cache.facts(key, at: now()) { return (facts, 0) }
            if !state.late.isEmpty { return (timedOut, 0) }
            state.asked += 1
            return (nil, state.asked)
        }
        if let known { return known }

        let answered = DispatchSemaphore(value: 0)
        worker.async { [self] in
            let facts = inspect(inspection)
            state.withLock { state in
                state.cache.keep(facts, of: key, at: now())
                if state.late.remove(number) == nil { state.answers[number] = facts }
            }
            answered.signal()
        }
        let nanoseconds = Int(patience / .nanoseconds(1))
        _ = answered.wait(timeout: .now() + .nanoseconds(nanoseconds))
        return state.withLock { state in
            if let facts = state.answers.removeValue(forKey: number) { return facts }
            state.late.insert(number)
            return timedOut
        }
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

        init(_ inspection: Inspection) {
            mountNamespace = inspection.process.mountNamespace
            root = inspection.process.root
            path = inspection.path
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
