/// How often each of some texts came, up to so many different ones.
struct Tally {
    private static let limit = 1000

    private var counts: [[UInt8]: Int] = [:]
    /// Those of texts for which there was no room.
    private(set) var others = 0

    mutating func note(_ text: [UInt8]) {
        guard !text.isEmpty else { return }
        if counts[text] != nil || counts.count < Self.limit { counts[text, default: 0] += 1 } else { others += 1 }
    }

    var isEmpty: Bool { counts.isEmpty }

    /// The most frequent first; those of equal number by their bytes.
    func top(_ number: Int) -> (top: [(text: [UInt8], count: Int)], rest: Int) {
        let sorted = counts.sorted {
            $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
        }
        return (sorted.prefix(number).map { ($0.key, $0.value) }, max(sorted.count - number, 0))
    }
}
