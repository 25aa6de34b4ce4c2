/// How much came when: counts in steps of the same length, of which the latest are kept.
struct Meter: Sendable {
    /// ns.
    let step: UInt64
    private var counts: [UInt32]
    /// The step that was counted last, in steps since time 0.
    private var latest: UInt64 = 0

    init(step: UInt64, count: Int) {
        self.step = step
        counts = [UInt32](repeating: 0, count: count)
    }

    /// Counts one at `time`, in ns. What is older than all that is kept is left out.
    mutating func note(_ time: UInt64) {
        let now = time / step
        advance(to: now)
        guard latest - now < UInt64(counts.count) else { return }
        counts[index(now)] &+= 1
    }

    /// The counts up to `time`, the oldest first: the last one is of a step that has not ended.
    func series(until time: UInt64) -> [UInt32] {
        let now = max(time / step, latest)
        return (0..<UInt64(counts.count)).reversed().map { count(at: $0, before: now) }
    }

    /// How many came in the kept time until `time`.
    func total(until time: UInt64) -> Int {
        let now = max(time / step, latest)
        return (0..<UInt64(counts.count)).reduce(0) { $0 + Int(count(at: $1, before: now)) }
    }

    /// Of the step that is `age` steps old.
    private func count(at age: UInt64, before now: UInt64) -> UInt32 {
        guard age <= now, now - age <= latest, latest - (now - age) < UInt64(counts.count) else { return 0 }
        return counts[index(now - age)]
    }

    private func index(_ step: UInt64) -> Int { Int(step % UInt64(counts.count)) }

    private mutating func advance(to now: UInt64) {
        guard now > latest else { return }
        for step in 0..<min(now - latest, UInt64(counts.count)) { counts[index(now - step)] = 0 }
        latest = now
    }
}
