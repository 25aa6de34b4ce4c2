extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
    var isBlank: Bool { self == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(self) }
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}

extension BidirectionalCollection<UInt8> {
    var trimmed: SubSequence {
        let front = drop(while: \.isBlank)
        guard let last = front.lastIndex(where: { !$0.isBlank }) else { return front[front.endIndex...] }
        return front[...last]
    }

    var lowercased: [UInt8] { map(\.lowercased) }

    /// What is left of them as a String: for words that are compared, never for what is kept.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension [UInt8] {
    /// The range of `needle`, in lower case, at or behind `start`. They have to be in lower case too.
    func range(of needle: String, from start: Int = 0) -> Range<Int>? {
        let needle = needle.utf8
        guard let first = needle.first, start >= 0, count - start >= needle.count else { return nil }
        for index in start...(count - needle.count) where self[index] == first {
            if self[index..<(index + needle.count)].elementsEqual(needle) { return index..<(index + needle.count) }
        }
        return nil
    }

    func contains(_ needle: String) -> Bool { range(of: needle) != nil }
}
