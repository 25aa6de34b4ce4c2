import Testing

@testable import MailWatch

struct TrackerScriptTests {
    private final class Inspections {
        var paths: [String] = []
    }

    private let inspections = Inspections()
    private var tracker: Tracker

    init() {
        let inspections = inspections
        tracker = Tracker(
            contextLimit: 10, place: { _ in Placement() },
            inspect: { path, _, _ in
                inspections.paths.append(String(decoding: path, as: UTF8.self))
                return ScriptFacts()
            })
    }

    private static func context(_ file: String) -> PHPContext {
        var context = PHPContext()
        context.pid = 17
        context.frames = [
            .init(kind: .internal, function: Array("fsockopen".utf8)),
            .init(kind: .user, file: Array(file.utf8), line: 12, function: Array("send".utf8)),
        ]
        return context
    }

    private mutating func connect(_ id: UInt64, php: UInt64 = 0, origin: UInt64 = 0) throws -> Connection {
        // A process whose argv names no script.
        var pool = ProcessDescription.sample
        pool.argv = Array("php-fpm: pool www\0".utf8)
        pool.execution?.argv = pool.argv
        var event = KernelEvent.connect(id, description: pool)
        guard case .connect(var connect) = event else { throw NoEvent() }
        connect.php = php
        connect.origin = origin
        event = .connect(connect)
        return try tracker.connection(event)
    }

    private struct NoEvent: Error {}

    @Test mutating func connectHasTheContextThatItNames() throws {
        #expect(tracker.handle(.context(Self.context("/srv/a.php"), fingerprint: 7)) == nil)
        let connection = try connect(1, php: 7)
        #expect(connection.php?.path == Array("/srv/a.php".utf8))
        #expect(connection.php?.line == 12)
        #expect(connection.php?.evidence == .stack)
        #expect(connection.origin == nil)
        #expect(connection.script === connection.php)
    }

    @Test mutating func contextIsInspectedOnce() throws {
        _ = tracker.handle(.context(Self.context("/srv/a.php"), fingerprint: 7))
        let first = try connect(1, php: 7)
        let second = try connect(2, php: 7)
        #expect(first.php === second.php)
        #expect(inspections.paths == ["/srv/a.php"])
    }

    @Test mutating func childHasItsOriginBesideItsOwnStack() throws {
        _ = tracker.handle(.context(Self.context("/srv/a.php"), fingerprint: 7))
        _ = tracker.handle(.context(Self.context("/srv/b.php"), fingerprint: 11))
        let child = try connect(1, origin: 7)
        #expect(child.php == nil)
        #expect(child.script === child.origin)
        #expect(child.origin?.evidence == .origin)
        let grandchild = try connect(2, php: 11, origin: 7)
        #expect(grandchild.script?.path == Array("/srv/b.php".utf8))
        #expect(grandchild.origin?.path == Array("/srv/a.php".utf8))
    }

    @Test mutating func lostContextIsSaid() throws {
        let connection = try connect(1, php: 23)
        #expect(connection.php?.context?.gaps == .contextLost)
        #expect(connection.php?.path == [])
    }

    @Test mutating func handoverHasEndedAsItBegins() throws {
        _ = tracker.handle(.context(Self.context("/srv/a.php"), fingerprint: 7))
        guard case .connect(var event) = KernelEvent.connect(1) else { throw NoEvent() }
        event.origin = 7
        let connection = try tracker.connection(.handover(event))
        #expect(connection.state == .handedOver)
        #expect(connection.state.hasEnded)
        #expect(!connection.isFailure)
        #expect(tracker.openCount == 0)
    }

    @Test mutating func idleContextsAreForgottenInTwoSteps() throws {
        for name in 1...11 as ClosedRange<UInt64> {
            _ = tracker.handle(.context(Self.context("/srv/\(name).php"), fingerprint: name))
            _ = try connect(name, php: name)
        }
        #expect(tracker.forgetIdle().contexts == [1, 2, 3, 4, 5, 6])
        #expect(try connect(12, php: 1).php?.path == Array("/srv/1.php".utf8))
        #expect(tracker.forgetIdle().contexts == [])
        #expect(try connect(13, php: 1).php?.context?.gaps == .contextLost)
        #expect(try connect(14, php: 11).php?.context?.gaps == [])
    }
}
