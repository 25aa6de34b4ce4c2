/// Which row is selected: the first one until somebody moves, and then the thing that was moved to, wherever it goes.
struct Selection<Name: Hashable> {
    private var name: Name?
    /// Where it stood last, for when it is gone.
    private var place = 0

    /// Index in the list; nil where that is empty.
    mutating func index(in list: [Name]) -> Int? {
        guard !list.isEmpty else { return nil }
        guard let name else { return 0 }
        place = list.firstIndex(of: name) ?? min(place, list.count - 1)
        if !list.contains(name) { self.name = list[place] }
        return place
    }

    /// Moves by so many rows, and no further than to an end.
    mutating func move(by count: Int, in list: [Name]) {
        guard let index = index(in: list) else { return }
        let target = min(max(index.saturatingAdd(count), 0), list.count - 1)
        place = target
        // Back at the top it follows what comes.
        name = target == 0 ? nil : list[target]
    }

    mutating func select(_ name: Name?) { self.name = name }
}

extension Int {
    fileprivate func saturatingAdd(_ other: Int) -> Int {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other > 0 ? .max : .min) : sum
    }
}
