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
        var ledger = Ledger()
        let filter: ConnectionFilter

        init(filter: ConnectionFilter, php: PHPCatalog) {
            let host = Host()
            let scripts = ScriptInspector()
            tracker = Tracker(
                place: { process in
                    var placement = host.place(process)
                    placement.opaquePHP = php.reason(for: process)
                    return placement
                },
                inspect: { path, context, process in
                    scripts.facts(
                        of: path, in: process, alsoTry: context?.pid, startedAt: context?.startTime,
                        others: context.map { [$0.script] + $0.frames.map(\.file).filter { !$0.isEmpty } } ?? [])
                })
            self.filter = filter
        }

        /// Takes down a change of a wanted connection, and hands it on.
        func note(_ change: Tracker.Change, _ body: (Tracker.Change) -> Void) {
            guard filter.matches(change.connection) else { return }
            ledger.note(change)
            body(change)
        }
    }

    private(set) var losses = Losses()
    /// ns of CLOCK_BOOTTIME.
    let startTime = WallClock.uptime
    private var probe: Probe
    private let book: Book
    private let php = PHPCatalog()
    /// nice(2): beside a hundred busy processes on a core, still a twelfth of it.
    private static let niceness: Int32 = -10

    init(_ options: WatchOptions) throws {
        book = Book(filter: options.filter, php: php)
        probe = try options.attach()
        // What is started from here on tells of itself.
        php.scan()
        learn()
        // The ring has to be read before it is full, however busy the host is. What the user has chosen stays, as does
        // what needs CAP_SYS_NICE to be changed.
        let this = Int32(PRIO_PROCESS.rawValue)
        if getpriority(this, 0) == 0 { setpriority(this, 0, Self.niceness) }
    }

    /// Readable when records wait.
    var descriptor: Int32 { probe.descriptor }

    var hook: String { probe.hook.target }

    var ledger: Ledger { book.ledger }

    /// Wanted connections that have not ended, oldest first.
    var open: [Connection] { book.tracker.open.filter(book.filter.matches) }

    /// All connections that have not ended.
    var openCount: Int { book.tracker.openCount }

    /// Reads what waits in the ring, at most `limit` records, and hands on what became of wanted connections. Returns
    /// the number of records.
    mutating func read(limit: Int, _ body: (Tracker.Change) -> Void) -> Int {
        let book = book
        let php = php
        let count = probe.read(limit: limit) { event in
            if case .program(let program) = event { php.look(at: program) }
            if let change = book.tracker.handle(event) { book.note(change, body) }
        }
        learn()
        return count
    }

    /// Tells the probe what has been found out about PHP programs.
    private mutating func learn() {
        for news in php.takeNews() {
            var isKnown = false
            for case .known(let binary) in news.findings {
                probe.learn(binary)
                isKnown = true
            }
            if let program = news.program, !isKnown { probe.refuse(program) }
        }
    }

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
        php.tick()
        learn()
        let idle = book.tracker.forgetIdle()
        probe.forget(identities: idle.identities, contexts: idle.contexts)
    }
}
