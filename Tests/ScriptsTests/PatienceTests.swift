import Dispatch
import HostFacts
import MailWatch
import Synchronization
import Testing

@testable import Scripts

@Suite(.timeLimit(.minutes(10)))
struct PatienceTests {
    private static func facts(size: UInt64) -> ScriptFacts {
        var facts = ScriptFacts()
        facts.size = size
        return facts
    }

    private func path(_ number: Int) -> [UInt8] { Array("/\(number).php".utf8) }

    private func process(of user: UInt32) -> ProcessDescription {
        var process = ProcessDescription()
        process.uid = user
        process.mountNamespace = 7
        return process
    }

    /// A user's file system that does not answer until it is let: other users' scripts are known, and his own time out.
    @Test func aHangingInspectionHoldsNobodyUp() {
        let gate = DispatchSemaphore(value: 0)
        var limits = Workers.Limits()
        limits.deadline = .milliseconds(500)
        let inspector = ScriptInspector(workers: Workers(limits)) { inspection in
            if inspection.process.uid == 1000 { gate.wait() }
            return Self.facts(size: 3)
        }
        let hanging = (0..<97).map { inspector.find(path($0), in: process(of: 1000)) }
        // Also of the very files that he has asked for.
        for number in 0..<101 { #expect(inspector.facts(of: path(number), in: process(of: 33)).size == 3) }
        for late in hanging {
            while !late.isSettled {}
            #expect(late.value.obstacle == .timedOut || late.value.obstacle == .tooMany)
        }
        // No thread is kept for what he asks from here on.
        #expect(inspector.facts(of: path(200), in: process(of: 1000)).obstacle == .timedOut)
        for _ in hanging { gate.signal() }
        // What has come since is known, and he is served again.
        while inspector.facts(of: path(201), in: process(of: 1000)).obstacle != nil { gate.signal() }
        #expect(inspector.facts(of: path(200), in: process(of: 33)).size == 3)
    }

    /// Many connects name one script at a time.
    @Test func whatIsAskedForTwiceIsReadOnce() {
        let gate = DispatchSemaphore(value: 0)
        let count = Mutex(0)
        let inspector = ScriptInspector(workers: Workers()) { _ in
            gate.wait()
            count.withLock { $0 += 1 }
            return Self.facts(size: 3)
        }
        let found = (0..<13).map { _ in inspector.find(path(0), in: process(of: 33)) }
        gate.signal()
        for late in found {
            while !late.isSettled {}
            #expect(late.value.size == 3)
        }
        #expect(count.withLock { $0 } == 1)
    }

    @Test func aResultIsKeptForASecond() {
        let asked = Mutex(UInt64(0))
        let offset = Mutex(Duration.zero)
        let start = ContinuousClock.now
        let inspector = ScriptInspector(workers: Workers()) {
            start + offset.withLock { $0 }
        } inspect: { _ in
            Self.facts(
                size: asked.withLock {
                    $0 += 1
                    return $0
                })
        }
        var process = ProcessDescription()
        process.mountNamespace = 7
        #expect(inspector.facts(of: path(0), in: process).size == 1)
        offset.withLock { $0 = .milliseconds(999) }
        #expect(inspector.facts(of: path(0), in: process).size == 1)
        var other = process
        other.root = Array("/jail".utf8)
        #expect(inspector.facts(of: path(0), in: other).size == 2)
        offset.withLock { $0 = .seconds(1) }
        #expect(inspector.facts(of: path(0), in: process).size == 3)
        // Without a namespace a path says nothing of another process's file.
        process.mountNamespace = 0
        process.pid = 5
        other = process
        other.pid = 7
        #expect(inspector.facts(of: path(0), in: process).size == 4)
        #expect(inspector.facts(of: path(0), in: other).size == 5)
    }

    @Test func theOldestGo() {
        var cache = FactsCache()
        let now = ContinuousClock.now
        func key(_ number: Int) -> FactsCache.Key {
            FactsCache.Key(Inspection(path: path(number), process: ProcessDescription(), origin: nil, others: []))
        }
        for number in 0..<1031 {
            cache.keep(Self.facts(size: 3), of: key(number), at: now)
            cache.keep(Self.facts(size: 5), of: key(1), at: now)
        }
        #expect(cache.count <= 1024)
        #expect(cache.facts(key(0), at: now) == nil)
        #expect(cache.facts(key(1), at: now)?.size == 5)
        #expect(cache.facts(key(1030), at: now)?.size == 3)
    }
}
