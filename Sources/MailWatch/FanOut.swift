/// Which sender went to how many different addresses in the last minute.
struct FanOut: Sendable {
    /// ns.
    private static let window: UInt64 = 60_000_000_000
    /// What is asked for is no more than this.
    static let addressLimit = 256

    /// A sender's latest addresses, the longest unused first: one more than the limit, at most.
    private struct Trail {
        var addresses: [(address: IPAddress, time: UInt64)] = []
        var isWide = false
    }

    private var trails: [Trail] = []
    private var indices: [Sender: Int] = [:]
    private let senderLimit: Int

    init(senderLimit: Int) { self.senderLimit = senderLimit }

    /// The sender's number; nil where there is no room for another one: `reset` makes it.
    mutating func index(of sender: Sender) -> Int? {
        if let known = indices[sender] { return known }
        guard trails.count < senderLimit else { return nil }
        indices[sender] = trails.count
        trails.append(Trail())
        return trails.count - 1
    }

    /// Forgets all senders and their numbers.
    mutating func reset() {
        trails = []
        indices = [:]
    }

    /// Whether the sender had gone to more than the limit when it last connected.
    func isWide(_ index: Int) -> Bool { trails[index].isWide }

    /// A connect, at `time` in ns of CLOCK_BOOTTIME.
    mutating func note(_ address: IPAddress, of index: Int, at time: UInt64, limit: Int) {
        let limit = min(max(limit, 0), Self.addressLimit)
        let old = trails[index].addresses.lastIndex { $0.address == address }
        if let old { trails[index].addresses.remove(at: old) }
        trails[index].addresses.append((address, time))
        // Many at once: one goes for each that comes.
        if trails[index].addresses.count > limit + 1 { trails[index].addresses.removeFirst() }
        let first = trails[index].addresses[0].time
        trails[index].isWide = trails[index].addresses.count > limit && (time < first || time - first < Self.window)
    }
}
