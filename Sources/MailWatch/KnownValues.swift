/// Values that the kernel side tells once and then only names. Bounded: the longest unused are forgotten first.
struct KnownValues<Value> {
    private struct Entry {
        var value: Value
        var lastUse: UInt64
    }

    private var entries: [UInt64: Entry] = [:]
    /// Forgotten by the kernel side too, but records that are on their way may still name them.
    private var retired: [UInt64: Entry] = [:]
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count + retired.count }

    mutating func insert(_ value: Value, as name: UInt64, time: UInt64) {
        entries[name] = Entry(value: value, lastUse: time)
    }

    /// The value, which is then used at `time`.
    mutating func use(_ name: UInt64, time: UInt64) -> Value? {
        guard let index = entries.index(forKey: name) else { return retired[name]?.value }
        entries.values[index].lastUse = time
        return entries.values[index].value
    }

    /// Forgets what is beyond the limit, down to half of it, and returns the names, which the kernel side has to forget
    /// as well. To be called with the ring read empty since the last call.
    mutating func forgetIdle() -> [UInt64] {
        retired = [:]
        guard entries.count > limit else { return [] }
        let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(entries.count - limit / 2)
        for (name, entry) in oldest {
            entries[name] = nil
            retired[name] = entry
        }
        return oldest.map(\.key)
    }
}
