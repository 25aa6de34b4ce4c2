import Foundation
import HostFacts
import KernelProbe
import MailWatch
import PHPRuntime
import Testing

/// The probe and a tracker for one test: sees what the test's own processes connect to, on the test's own port.
struct LiveTrace: ~Copyable {
    var probe: Probe
    private(set) var tracker = Tracker(place: { _ in Placement(userName: "somebody") })
    /// Descriptions that came with the connects of this trace.
    private(set) var descriptions = 0
    /// Mail that PHP of the tests has handed over.
    private(set) var handovers: [Connection] = []
    /// Programs that may be PHP.
    private(set) var programs: [ProgramEvent] = []
    /// What was said on connections of the test.
    private(set) var lines: [LineEvent] = []
    private var finished: [Connection] = []
    private let port: UInt16

    /// The rung that the environment asks for; nil for the automatic choice.
    static var hook: Hook? {
        ProcessInfo.processInfo.environment["MAILSNOOP_TEST_HOOK"].flatMap { Hook(rawValue: $0) }
    }

    /// - Parameter dialogues: with `.ofAnyPort` the port is not watched.
    init(
        port: UInt16, ringSize: Int = Probe.defaultRingSize, followLimit: Int = Probe.defaultFollowLimit,
        php: [PHPBinary] = [], dialogues: Dialogues = .unread
    ) throws {
        self.port = port
        probe = try Probe.attach(
            ports: PortSet(dialogues == .ofAnyPort ? [] : [port]), hook: Self.hook, ringSize: ringSize,
            followLimit: followLimit, php: php, dialogues: dialogues)
    }

    /// Follows the connections of the test that were there before.
    mutating func takeOver() throws {
        for var event in try probe.takeOver() where event.destination.port == port {
            event.description?.completeFromProc()
            _ = tracker.handle(.connect(event))
        }
    }

    /// Makes room as the tracer does when the table is nearly full.
    mutating func makeRoom() -> [Connection] {
        let idlest = tracker.endIdlest(probe.excess)
        probe.evict(idlest.ids)
        return idlest.ended
    }

    /// Takes the events that wait.
    mutating func read() {
        let port = port
        var tracker = tracker
        var finished = finished
        var descriptions = descriptions
        var handovers = handovers
        var programs = programs
        var lines = lines
        _ = probe.read { event in
            if case .connect(let connect) = event {
                guard connect.destination.port == port else { return }
                if connect.description != nil { descriptions += 1 }
            }
            if case .program(let program) = event { programs.append(program) }
            let change = tracker.handle(event)
            // Of a connection that the test follows.
            if case .line(let line) = event, change != nil { lines.append(line) }
            switch change {
            case .opened(let connection) where connection.state == .handedOver:
                let script = connection.origin?.context?.script ?? []
                if script.starts(with: "/srv/mailsnoop-".utf8) { handovers.append(connection) }
            case .opened(let connection) where connection.state.hasEnded: finished.append(connection)
            case .ended(let connection): finished.append(connection)
            default: break
            }
        }
        self.tracker = tracker
        self.finished = finished
        self.descriptions = descriptions
        self.handovers = handovers
        self.programs = programs
        self.lines = lines
    }

    /// Waits until PHP of the tests has handed over `count` mails, ten seconds at most.
    mutating func handedOver(_ count: Int) -> [Connection] {
        wait { $0.handovers.count >= count }
        return handovers
    }

    /// Waits until `count` connections of the test have ended, ten seconds at most, and returns all that have, in the
    /// order of their connects.
    mutating func ended(_ count: Int) -> [Connection] {
        wait { $0.finished.count >= count }
        return finished.sorted { $0.connectTime < $1.connectTime }
    }

    /// Waits until `count` connections of the test, open or ended, have been seen, ten seconds at most. Returns how many.
    mutating func seen(_ count: Int) -> Int {
        wait { $0.finished.count + $0.tracker.open.count >= count }
        return finished.count + tracker.open.count
    }

    /// How many of that many connects of ended processes are surely in the ring: all but what the kernel skipped.
    func leastSeen(of count: Int) -> Int { probe.hook.mayBeSkipped ? count - Int(probe.losses().missed) : count }

    /// Waits until a connection that has not ended is in that state.
    mutating func open(_ state: ConnectionState) throws -> Connection {
        wait { $0.tracker.open.contains { $0.state == state } }
        return try #require(tracker.open.first { $0.state == state })
    }

    /// Waits without reading the ring, ten seconds at most: a connection ends some time after its process.
    func waitUntilNotFollowed(_ connection: UInt64) {
        let deadline = WallClock.uptime + 10_000_000_000
        while probe.followedConnections().contains(connection), WallClock.uptime < deadline {}
    }

    /// Ends what the kernel side follows no longer. Returns what that was.
    mutating func reconcile() -> [Connection] {
        let time = WallClock.uptime
        let followed = probe.followedConnections()
        read()
        return tracker.endAll(notIn: followed, before: time)
    }

    private mutating func wait(until isDone: (borrowing Self) -> Bool) {
        let deadline = WallClock.uptime + 10_000_000_000
        read()
        while !isDone(self), WallClock.uptime < deadline {
            var source = pollfd(fd: probe.descriptor, events: Int16(POLLIN), revents: 0)
            // One source.
            unsafe poll(&source, 1, 100)
            read()
        }
    }
}

extension Connection {
    var arguments: [String] { process.description.arguments.map { String(decoding: $0, as: UTF8.self) } }
    var comm: String { String(decoding: process.description.comm, as: UTF8.self) }
}
