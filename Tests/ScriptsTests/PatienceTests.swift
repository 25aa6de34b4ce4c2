import Dispatch
import MailWatch
import Synchronization
import Testing

@testable import Scripts

@Suite(.timeLimit(.minutes(1)))
struct PatienceTests {
    private static func facts(size: UInt64) -> ScriptFacts {
        var facts = ScriptFacts()
        facts.size = size
        return facts
    }

    private func path(_ number: Int) -> [UInt8] { Array("/\(number).php".utf8) }

    /// A file system that does not answer until it is let.
    @Test func aHangingInspectionHoldsNobodyUp() {
        let gate = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        let inspector = ScriptInspector(patience: .milliseconds(20)) { inspection in
            if inspection.path == Array("/0.php".utf8) {
                gate.wait()
                done.signal()
            }
            return Self.facts(size: 3)
        }
        let process = ProcessDescription()
        #expect(inspector.facts(of: path(0), in: process).obstacle == .timedOut)
        // 97 of those who come next would wait for two seconds.
        let start = ContinuousClock.now
        for number in 0..<97 { #expect(inspector.facts(of: path(number), in: process).obstacle == .timedOut) }
        #expect(ContinuousClock.now - start < .seconds(1))
        gate.signal()
        done.wait()
        // What came late is in the cache, and the others are asked for again, once the worker is through.
        while inspector.facts(of: path(1), in: process).obstacle == .timedOut {}
        #expect(inspector.facts(of: path(0), in: process).size == 3)
    }

    @Test func aResultIsKeptForASecond() {
        let asked = Mutex(UInt64(0))
        let offset = Mutex(Duration.zero)
        let start = ContinuousClock.now
        let inspector = ScriptInspector(patience: .seconds(60)) {
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
