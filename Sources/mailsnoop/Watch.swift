internal import Configuration
internal import Glibc
internal import HostFacts
internal import KernelProbe
internal import MailWatch
internal import PHPRuntime
internal import Scripts

/// The probe and all that is known from it: what both the trace and the live view begin with.
struct Watch: ~Copyable {
    /// What is kept of the events. An object, so that the reader of the ring can write to it.
    private final class Book {
        var tracker: Tracker
        let filter: ConnectionFilter
        let court: Court
        let names: NameResolver?

        init(filter: ConnectionFilter, policy: Policy, names: NameResolver?, php: PHPCatalog, workers: Workers) {
            let users = UserNames()
            let host = Host(users: users, workers: workers)
            let court = Court(policy)
            let scripts = ScriptInspector(workers: workers, users: users)
            tracker = Tracker(
                place: { process in
                    let late = Late {
                        var placement = host.placeByCgroup(process)
                        placement.opaquePHP = php.reason(for: process)
                        return placement
                    }
                    php.findReason(for: process) { reason in
                        host.place(process) { placement in
                            var placement = placement
                            placement.opaquePHP = reason
                            late.settle(placement)
                        }
                    }
                    return late
                },
                inspect: { path, context, process in
                    scripts.find(
                        path, in: process, alsoTry: context?.pid, startedAt: context?.startTime,
                        others: context.map { [$0.script] + $0.frames.map(\.file).filter { !$0.isEmpty } } ?? [],
                        namesOwner: !host.placeByCgroup(process).hasOwnUsers)
                },
                judge: { court.judge.judge($0) })
            self.filter = filter
            self.court = court
            self.names = names
        }

        /// Takes down a change of a wanted connection, and hands it on.
        func note(_ change: Tracker.Change, _ body: (Tracker.Change) -> Void) {
            guard filter.matches(change.connection) else { return }
            // Asked for at the connect, the name may be there when the row is written.
            if case .opened(let connection) = change { _ = name(of: connection.destination.address) }
            body(change)
        }

        /// Another process sends on a connection, which may only now be wanted.
        func noteTalker(_ change: Tracker.Change, _ body: (Tracker.Change) -> Void) {
            if !filter.matchesFormer(change.connection) { note(.opened(change.connection), body) }
            note(change, body)
        }

        func name(of address: IPAddress) -> [UInt8]? { address.isUnspecified ? nil : names?.name(of: address) }
    }

    /// The judge and what it knows of this host. An object, so that the tracker can ask it.
    private final class Court {
        /// Addresses and names come and go.
        private static let interval: UInt64 = 30_000_000_000

        var judge: Judge
        private var nextLook: UInt64

        init(_ policy: Policy) {
            judge = Judge(policy: policy, host: .current)
            nextLook = WallClock.uptime + Self.interval
        }

        func lookAround() {
            let now = WallClock.uptime
            guard now >= nextLook else { return }
            nextLook = now + Self.interval
            judge.host = .current
        }
    }

    private(set) var losses = Losses()
    /// ns of CLOCK_BOOTTIME.
    let startTime = WallClock.uptime
    private var probe: Probe
    private let book: Book
    private let php: PHPCatalog
    /// How long a change waits at most for what is looked up about its sender; ns. The workers give up before.
    private static let patience: UInt64 = 3_000_000_000
    private static let scanPatience = Duration.seconds(3)
    /// Connections that were there before, and are still to be handed on.
    private var takenOver: [ConnectEvent] = []
    /// ns.
    private static let evictionInterval: UInt64 = 60_000_000_000
    private var nextEvictionText: UInt64 = 0
    /// nice(2): beside a hundred busy processes on a core, still a twelfth of it.
    private static let niceness: Int32 = -10

    /// - Parameters:
    ///   - configuration: nil takes that of the options.
    ///   - networkNamespace: only connections from there; its inode.
    init(
        _ options: WatchOptions, configuration: Configuration? = nil, networkNamespace: UInt32? = nil
    ) throws {
        let configuration = try configuration ?? options.configuration()
        probe = try options.attach(configuration)
        var filter = options.filter
        filter.networkNamespace = networkNamespace
        let workers = Workers()
        php = PHPCatalog(probe.php, workers: workers)
        book = Book(
            filter: filter, policy: configuration.policy, names: options.noDNS ? nil : NameResolver(),
            php: php, workers: workers)
        do {
            takenOver = try probe.takeOver()
        } catch {
            Failure.say("\(error); only new ones are traced")
        }
        // What is started from here on tells of itself.
        php.scan(patience: Self.scanPatience)
        // The ring has to be read before it is full, however busy the host is. What the user has chosen stays, as does
        // what needs CAP_SYS_NICE to be changed.
        let this = Int32(PRIO_PROCESS.rawValue)
        if getpriority(this, 0) == 0 { setpriority(this, 0, Self.niceness) }
    }

    /// Readable when records wait.
    var descriptor: Int32 { probe.descriptor }

    var hook: String { probe.hook.target }

    /// Of a destination by reverse DNS, once it is known.
    var name: (IPAddress) -> [UInt8]? { { [book] in book.name(of: $0) } }

    /// Wanted connections that have not ended, oldest first.
    var open: [Connection] { book.tracker.open.filter(book.filter.matches) }

    /// All connections that have not ended.
    var openCount: Int { book.tracker.openCount }

    /// Reads what waits in the ring, at most `limit` records, and hands on what became of wanted connections. Returns
    /// the number of records.
    mutating func read(limit: Int, _ body: (Tracker.Change) -> Void) -> Int {
        let book = book
        let php = php
        for var event in takenOver {
            event.description?.completeFromProc()
            if let change = book.tracker.handle(.connect(event)) { book.note(change, body) }
        }
        takenOver = []
        let count = probe.read(limit: limit) { event in
            if case .program(let program) = event { php.look(at: program) }
            guard let change = book.tracker.handle(event) else { return }
            if case .talker = event { book.noteTalker(change, body) } else { book.note(change, body) }
        }
        makeRoom(body)
        release(body)
        return count
    }

    /// Hands on what has waited for what was looked up about its sender.
    private mutating func release(patience: UInt64 = patience, _ body: (Tracker.Change) -> Void) {
        guard book.tracker.isHolding else { return }
        for change in book.tracker.takeSettled(at: WallClock.uptime, patience: patience) { book.note(change, body) }
    }

    /// Reads what is left in the ring, and waits for what is still looked up about senders.
    mutating func drain(_ body: (Tracker.Change) -> Void) {
        while read(limit: 65_536, body) == 65_536 {}
        let deadline = WallClock.uptime + Self.patience
        while book.tracker.isHolding, WallClock.uptime < deadline {
            usleep(2000)
            release(body)
        }
        release(patience: 0, body)
    }

    /// Says whose PHP programs were dropped for want of room, a minute after the last time at the earliest; nil where none was.
    mutating func takeEvictionText() -> String? {
        let now = WallClock.uptime
        guard now >= nextEvictionText else { return nil }
        let evictions = php.takeEvictions()
        guard !evictions.isEmpty else { return nil }
        nextEvictionText = now + Self.evictionInterval
        let users = evictions.map { "uid \($0.uid) \($0.count)" }.joined(separator: ", ")
        return "too many PHP programs: the stacks of some are not read (\(users))"
    }

    /// A table that is nearly full makes room for new connections: those go that have been idle longest.
    private mutating func makeRoom(_ body: (Tracker.Change) -> Void) {
        let excess = probe.excess
        guard excess > 0 else { return }
        let idlest = book.tracker.endIdlest(excess)
        probe.evict(idlest.ids)
        for connection in idlest.ended { book.note(.ended(connection), body) }
    }

    /// Goes on by another configuration.
    mutating func judge(by policy: Policy) { book.court.judge = Judge(policy: policy, host: .current) }

    /// What is done a few times a second: counts losses, ends connections whose end was lost, forgets old processes.
    mutating func housekeep(_ body: (Tracker.Change) -> Void) {
        let now = probe.losses()
        if now.ends > losses.ends {
            let time = WallClock.uptime
            let followed = probe.followedConnections()
            // An end that is still in the ring says more.
            while read(limit: 65_536, body) == 65_536 {}
            for connection in book.tracker.endAll(notIn: followed, before: time) { book.note(.ended(connection), body) }
        }
        losses = now
        release(body)
        book.court.lookAround()
        let idle = book.tracker.forgetIdle()
        probe.forget(identities: idle.identities, contexts: idle.contexts)
    }
}
