import Dispatch
import HostFacts
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10)))
struct WorkersTests {
    /// Counts what is told from any thread.
    private final class Counts: Sendable {
        private let counts = Mutex<[String: Int]>([:])

        func add(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }
        func callAsFunction(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }

        func wait(_ name: String, _ count: Int) { while self(name) < count {} }
    }

    private let counts = Counts()

    private func limits(_ change: (inout Workers.Limits) -> Void = { _ in }) -> Workers.Limits {
        var limits = Workers.Limits()
        limits.slice = .milliseconds(20)
        limits.deadline = .seconds(30)
        limits.processorTime = .seconds(60)
        change(&limits)
        return limits
    }

    private func run(_ workers: Workers, _ payer: Workers.Payer, _ name: String, until gate: DispatchSemaphore? = nil) {
        workers.run(for: payer) { [counts] in
            counts.add("begun " + name)
            gate?.wait()
            counts.add(name)
        } otherwise: { [counts] refusal in
            counts.add("\(refusal) \(name)")
        }
    }

    @Test func eachJobIsDone() {
        let workers = Workers(limits())
        for number in 0..<1009 { run(workers, .user(UInt32(number % 7)), "job") }
        counts.wait("job", 1009)
    }

    /// More jobs that never return than there are threads, of a few users each.
    @Test func jobsThatHangKeepNobodysPlace() {
        let gate = DispatchSemaphore(value: 0)
        let workers = Workers(limits())
        for number in 0..<23 { run(workers, .user(UInt32(1000 + number)), "hanging", until: gate) }
        run(workers, .place("/opt/dead"), "hanging", until: gate)
        for number in 0..<211 { run(workers, .user(UInt32(number % 3)), "job") }
        counts.wait("job", 211)
        #expect(counts("hanging") == 0)
        for _ in 0..<24 { gate.signal() }
        counts.wait("hanging", 24)
    }

    @Test func aPayerHasAFewAtATimeAndTheOthersWait() {
        let gate = DispatchSemaphore(value: 0)
        let workers = Workers(limits())
        for _ in 0..<13 { run(workers, .user(1000), "hanging", until: gate) }
        counts.wait("begun hanging", 3)
        for _ in 0..<53 { run(workers, .user(33), "job") }
        counts.wait("job", 53)
        #expect(counts("begun hanging") == 3)
        for _ in 0..<13 { gate.signal() }
        counts.wait("hanging", 13)
    }

    @Test func whatIsNotDoneInTimeIsRefused() {
        let gate = DispatchSemaphore(value: 0)
        let workers = Workers(limits { $0.deadline = .milliseconds(100) })
        for _ in 0..<7 { run(workers, .user(1000), "hanging", until: gate) }
        counts.wait("timedOut hanging", 3)
        counts.wait("tooMany hanging", 4)
        run(workers, .user(1000), "next")
        #expect(counts("hanging next") == 1)
        for _ in 0..<3 { gate.signal() }
        counts.wait("hanging", 3)
        // Its payer is served again.
        while counts("next") == 0 { run(workers, .user(1000), "next") }
    }

    @Test func aPayerWithTooManyIsRefusedAndNoOther() {
        let gate = DispatchSemaphore(value: 0)
        let workers = Workers(limits { $0.waitingPerPayer = 5 })
        for _ in 0..<3 { run(workers, .user(1000), "hanging", until: gate) }
        counts.wait("begun hanging", 3)
        for _ in 0..<11 { run(workers, .user(1000), "more") }
        #expect(counts("tooMany more") == 6)
        run(workers, .user(33), "job")
        counts.wait("job", 1)
        for _ in 0..<3 { gate.signal() }
        counts.wait("more", 5)
    }

    /// A payer that uses up its time does not keep another one waiting for long, and gets more in the next second.
    @Test func processorTimeIsShared() {
        let workers = Workers(limits { $0.processorTime = .milliseconds(1) })
        for _ in 0..<3 {
            workers.run(for: .user(1000)) { [counts] in
                let start = ContinuousClock.now
                while ContinuousClock.now - start < .milliseconds(5) {}
                counts.add("busy")
            } otherwise: { _ in
            }
        }
        run(workers, .user(33), "job")
        counts.wait("job", 1)
        counts.wait("busy", 3)
    }

    /// Threads are not without end. Others go on, one after the other, as long as one thread is left.
    @Test func thereAreOnlySoManyThreads() {
        let gate = DispatchSemaphore(value: 0)
        let workers = Workers(limits { $0.slow = 5 })
        for number in 0..<6 { run(workers, .user(UInt32(1000 + number)), "hanging", until: gate) }
        counts.wait("begun hanging", 6)
        for _ in 0..<29 { run(workers, .user(33), "job") }
        counts.wait("job", 29)
        for _ in 0..<6 { gate.signal() }
        counts.wait("hanging", 6)
    }

    @Test func whatHasNotReturnedIsNamed() {
        let gate = DispatchSemaphore(value: 0)
        let workers = Workers(limits())
        let jobs: [(payer: Workers.Payer, body: @Sendable () -> Void)] = (0..<7).map { number in
            (.place("\(number)"), { if number == 5 { gate.wait() } })
        }
        #expect(workers.runAll(jobs, patience: .milliseconds(300)) == [5])
        gate.signal()
        #expect(workers.runAll([], patience: .seconds(60)).isEmpty)
        #expect(workers.runAll(Array(jobs[..<5]), patience: .seconds(60)).isEmpty)
    }
}
