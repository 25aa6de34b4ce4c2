/// Changes that wait until all that is looked up about their senders is known. Bounded: the oldest then wait no longer.
struct HeldChanges {
    /// Changes that may wait.
    static let limit = 16_384

    /// Those of one connection, in their order.
    private struct Entry {
        let number: UInt64
        var changes: [Tracker.Change]
        /// When it was first seen to wait, in ns of CLOCK_BOOTTIME.
        var since: UInt64?

        var connection: Connection { changes[0].connection }
    }

    /// Oldest first.
    private var entries: [Entry] = []
    /// The numbers of those of followed connections, which may change further.
    private var numbers: [UInt64: UInt64] = [:]
    private var count = 0
    private var nextNumber: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }

    /// Whether the change waits: false where all is known, and nothing of this connection waits before it.
    mutating func hold(_ change: Tracker.Change) -> Bool {
        let connection = change.connection
        if !numbers.isEmpty, let number = numbers[connection.id] {
            // Numbers rise from front to back.
            let index = entries.partitioningIndex { $0.number >= number }
            entries[index].changes.append(change)
            count += 1
            if connection.state.hasEnded { numbers[connection.id] = nil }
            return true
        }
        guard !connection.isSettled else { return false }
        if !connection.state.hasEnded { numbers[connection.id] = nextNumber }
        entries.append(Entry(number: nextNumber, changes: [change], since: nil))
        nextNumber += 1
        count += 1
        return true
    }

    /// Those of each connection of which all is known now, or that has waited for too long.
    mutating func takeSettled(at now: UInt64, patience: UInt64) -> [[Tracker.Change]] {
        guard !entries.isEmpty else { return [] }
        var settled: [[Tracker.Change]] = []
        var rest: [Entry] = []
        for var entry in entries {
            let since = entry.since ?? now
            entry.since = since
            let connection = entry.connection
            if count > Self.limit || now - since >= patience { connection.giveUp() }
            guard connection.isSettled else {
                rest.append(entry)
                continue
            }
            settled.append(entry.changes)
            count -= entry.changes.count
            if numbers[connection.id] == entry.number { numbers[connection.id] = nil }
        }
        entries = rest
        return settled
    }
}

extension Array {
    /// The index of the first element that meets the condition, where all behind it do as well.
    fileprivate func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
