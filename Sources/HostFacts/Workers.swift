internal import Dispatch
internal import Glibc
internal import Synchronization

/// Runs jobs that can take long or never return: they read files of other users, which may lie on a file system that
/// never answers (FUSE, an overlay on it, a dead NFS server).
///
/// Whoever asks never waits. Each job has a payer. A job that is slow keeps its thread, and another thread takes its place;
/// a payer with several such jobs gets no further ones, and nobody else notices. Payers take turns, and each has a budget of
/// processor time.
public final class Workers: Sendable {
    /// Who causes a job.
    public enum Payer: Hashable, Sendable {
        case user(UInt32)
        /// A part of this host, for what no user has asked for.
        case place(String)
    }

    /// Why a job gave no result in time.
    public enum Refusal: Sendable {
        /// It was not begun: its payer had too many others.
        case tooMany
        /// It was not begun: earlier ones of its payer have not returned.
        case hanging
        /// It was begun and has not returned.
        case timedOut
    }

    public struct Limits: Sendable {
        /// Threads that take jobs.
        public var threads = 2
        /// A job that takes longer no longer keeps others from its thread's place.
        public var slice = Duration.milliseconds(100)
        /// A job that has no result so long after it was asked for is refused.
        public var deadline = Duration.seconds(2)
        /// Jobs of one payer under way at the same time.
        public var activePerPayer = 3
        public var waitingPerPayer = 1024
        public var waiting = 16_384
        /// Threads that are kept by slow jobs. Beyond it a slow job does keep its place.
        public var slow = 96
        /// Processor time of one payer in each second.
        public var processorTime = Duration.milliseconds(400)

        public init() {}
    }

    private struct Job {
        let number: UInt64
        let payer: Payer
        let asked: ContinuousClock.Instant
        let body: @Sendable () -> Void
        let otherwise: @Sendable (Refusal) -> Void
    }

    private struct Account {
        var waiting: [Job] = []
        var active = 0
        /// Of the active ones, those that were refused since.
        var hanging = 0
        var window: Int64 = 0
        /// Of the processor, in that second.
        var used = Duration.zero
    }

    private struct Running {
        let payer: Payer
        let asked: ContinuousClock.Instant
        let begun: ContinuousClock.Instant
        /// Nil once it was called.
        var otherwise: (@Sendable (Refusal) -> Void)?
        var isSlow = false
    }

    private struct State {
        var accounts: [Payer: Account] = [:]
        /// Payers with jobs that wait; who is first is served next.
        var turns: [Payer] = []
        var running: [UInt64: Running] = [:]
        var waiting = 0
        /// Threads that take jobs, and how many of them have none.
        var threads = 0
        var idle = 0
        var slow = 0
        var isChecking = false
        var nextNumber: UInt64 = 0
    }

    /// A thread without a job ends after this time.
    private static let idleTime = DispatchTimeInterval.seconds(5)

    private let limits: Limits
    private let state = Mutex(State())
    private let arrival = DispatchSemaphore(value: 0)
    private let checker = DispatchQueue(label: "mailsnoop.workers")

    public init(_ limits: Limits = Limits()) { self.limits = limits }

    /// - Parameters:
    ///   - body: called on a thread of its own. It tells its result itself.
    ///   - otherwise: called where there is no result in time, on any thread. A job that is refused while it runs may still
    ///     have one later.
    public func run(
        for payer: Payer, _ body: @escaping @Sendable () -> Void, otherwise: @escaping @Sendable (Refusal) -> Void
    ) {
        let refusal = state.withLock { state -> Refusal? in
            let account = state.accounts[payer] ?? Account()
            if account.hanging >= limits.activePerPayer { return .hanging }
            guard account.waiting.count < limits.waitingPerPayer, state.waiting < limits.waiting else {
                return .tooMany
            }
            if account.waiting.isEmpty { state.turns.append(payer) }
            state.nextNumber += 1
            state.waiting += 1
            state.accounts[payer, default: account].waiting.append(
                Job(number: state.nextNumber, payer: payer, asked: .now, body: body, otherwise: otherwise))
            wake(&state)
            return nil
        }
        if let refusal { otherwise(refusal) }
    }

    /// Runs jobs and waits for them, `patience` at most. Returns the numbers of those that have not returned.
    public func runAll(_ jobs: [(payer: Payer, body: @Sendable () -> Void)], patience: Duration) -> Set<Int> {
        let open = OpenJobs(jobs.count)
        for (number, job) in jobs.enumerated() {
            run(for: job.payer) {
                job.body()
                open.end(number, hasReturned: true)
            } otherwise: { _ in
                open.end(number, hasReturned: false)
            }
        }
        return open.wait(patience)
    }

    /// The jobs of a call of `runAll`.
    private final class OpenJobs: Sendable {
        private struct State {
            /// Neither returned nor refused.
            var awaited: Set<Int>
            var open: Set<Int>
        }

        private let state: Mutex<State>
        private let done = DispatchSemaphore(value: 0)

        init(_ count: Int) {
            state = Mutex(State(awaited: Set(0..<count), open: Set(0..<count)))
            if count == 0 { done.signal() }
        }

        func end(_ number: Int, hasReturned: Bool) {
            let isLast = state.withLock { state in
                if hasReturned { state.open.remove(number) }
                return state.awaited.remove(number) != nil && state.awaited.isEmpty
            }
            if isLast { done.signal() }
        }

        func wait(_ patience: Duration) -> Set<Int> {
            _ = done.wait(timeout: .now() + .nanoseconds(Int(patience / .nanoseconds(1))))
            return state.withLock { $0.open }
        }
    }

    /// Has a thread look for jobs.
    private func wake(_ state: inout State) {
        if state.idle == 0, state.threads < limits.threads {
            state.threads += 1
            // Without a thread the jobs wait until they are refused, or the next one finds that there can be one.
            if !Thread.start(work) { state.threads -= 1 }
        } else {
            arrival.signal()
        }
        check(&state)
    }

    private func work() {
        Thread.giveUpPriority()
        while true {
            guard let job = state.withLock({ next(&$0) }) else {
                if wait() { continue }
                return
            }
            let before = Thread.processorTime
            job.body()
            let used = Thread.processorTime - before
            if state.withLock({ finish(job, used, &$0) }) { return }
        }
    }

    /// False when the thread is to end.
    private func wait() -> Bool {
        state.withLock { $0.idle += 1 }
        let result = arrival.wait(timeout: .now() + Self.idleTime)
        return state.withLock { state in
            state.idle -= 1
            guard result == .timedOut, state.waiting == 0 else { return true }
            state.threads -= 1
            return false
        }
    }

    private func next(_ state: inout State) -> Job? {
        let window = Self.window
        for place in state.turns.indices {
            let payer = state.turns[place]
            guard var account = state.accounts[payer] else { continue }
            if account.window != window {
                account.window = window
                account.used = .zero
            }
            guard account.active < limits.activePerPayer, account.used < limits.processorTime else { continue }
            let job = account.waiting.removeFirst()
            state.turns.remove(at: place)
            if !account.waiting.isEmpty { state.turns.append(payer) }
            account.active += 1
            state.accounts[payer] = account
            state.waiting -= 1
            state.running[job.number] = Running(
                payer: payer, asked: job.asked, begun: .now, otherwise: job.otherwise)
            return job
        }
        return nil
    }

    /// Whether the thread is to end: another one has its place.
    private func finish(_ job: Job, _ used: Duration, _ state: inout State) -> Bool {
        guard let running = state.running.removeValue(forKey: job.number), var account = state.accounts[job.payer]
        else { return false }
        account.active -= 1
        account.used += used
        if running.otherwise == nil { account.hanging -= 1 }
        state.accounts[job.payer] = account
        guard running.isSlow else { return false }
        state.slow -= 1
        if state.threads < limits.threads {
            state.threads += 1
            return false
        }
        // It may have been the one that its payer's next job waits for.
        if state.waiting > 0 { arrival.signal() }
        return true
    }

    /// Looks after the jobs again in a moment, as long as there are any.
    private func check(_ state: inout State) {
        guard !state.isChecking else { return }
        state.isChecking = true
        let nanoseconds = Int(limits.slice / .nanoseconds(1))
        checker.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [self] in
            for refuse in self.state.withLock({ lookAfter(&$0) }) { refuse() }
        }
    }

    /// Replaces the threads of slow jobs. Returns what is to be called for jobs that are refused.
    private func lookAfter(_ state: inout State) -> [@Sendable () -> Void] {
        let now = ContinuousClock.now
        var calls: [@Sendable () -> Void] = []
        for (number, running) in state.running {
            if !running.isSlow, now - running.begun >= limits.slice, state.slow < limits.slow {
                state.running[number]?.isSlow = true
                state.slow += 1
                state.threads -= 1
            }
            if let otherwise = running.otherwise, now - running.asked >= limits.deadline {
                state.running[number]?.otherwise = nil
                state.accounts[running.payer]?.hanging += 1
                calls.append { otherwise(.timedOut) }
            }
        }
        for payer in state.turns {
            guard let account = state.accounts[payer] else { continue }
            let overdue = account.waiting.prefix { now - $0.asked >= limits.deadline }
            for job in overdue { calls.append { job.otherwise(.tooMany) } }
            state.accounts[payer]?.waiting.removeFirst(overdue.count)
            state.waiting -= overdue.count
        }
        state.turns.removeAll { state.accounts[$0]?.waiting.isEmpty ?? true }
        let window = Self.window
        state.accounts = state.accounts.filter { _, account in
            account.active > 0 || !account.waiting.isEmpty || account.window == window
        }
        state.isChecking = false
        if state.waiting > 0 {
            // The payers' budgets may have been filled again, and threads may be missing.
            for _ in 0..<limits.threads { wake(&state) }
        } else if !state.accounts.isEmpty {
            check(&state)
        }
        return calls
    }

    /// The second in which the budgets are spent.
    private static var window: Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000_000) }
}

/// A thread of its own: the pool of libdispatch is for jobs that end.
private enum Thread {
    /// What it runs. Owned by the thread.
    private final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static let stackSize = 512 << 10

    /// False where the system gives no more threads.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        // The attributes live as long as the calls; the object is released by the thread, or here where there is none.
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackSize)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let start = unsafe Unmanaged.passRetained(Start(body))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, &attributes,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
                }
                return nil
            }, start.toOpaque())
        if status != 0 { unsafe start.release() }
        return status == 0
    }

    /// The reader of the ring runs before others, and what it has others look at does not.
    static func giveUpPriority() {
        // On Linux this is the thread's own (setpriority(2), C library/kernel differences).
        let this = Int32(PRIO_PROCESS.rawValue)
        if getpriority(this, 0) < 0 { setpriority(this, 0, 0) }
    }

    /// Of the calling thread.
    static var processorTime: Duration {
        var time = timespec()
        // The structure is filled.
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
