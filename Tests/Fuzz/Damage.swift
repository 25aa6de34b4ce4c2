internal import TestSupport

/// Changes to bytes as a broken disk, a broken program or an attacker makes them.
enum Damage {
    /// What means something in the formats that are read.
    private static let words: [[UInt8]] = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "-1", "1e999", "18446744073709551615", "18446744073709551616",
        "4294967296", "0.5", "true", "\\ud800", "\\u0000", "2499-12-31T23:59:60.999999999Z",
        "1970-01-01T00:00:00.000000000Z",
        "(", ")", "<", ">", ";", "=", "?", "@", "\n", "\r\n\r\n", "\0", "\u{FF}", "=?utf-8?b?", "?=", "--part1",
        "--part1--",
        "Content-Type: message/rfc822\n\n", "Content-Transfer-Encoding: base64\n", "Received: from ", "9999999999",
        "31 Dec 2261",
        "+/- 10000 hours", "99:99:99", "[::ffff:255.255.255.255]:65536", "port=70000",
    ].map { Array($0.utf8) }

    /// Changes `bytes`, which stay some, in one to five places.
    static func apply(to bytes: inout [UInt8], _ random: inout SplitMix64) {
        for _ in 0...random.below(4) {
            if bytes.isEmpty { bytes = [0] }
            let place = random.below(bytes.count)
            let length = min(random.below(60) + 1, bytes.count - place)
            switch random.below(7) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.removeSubrange(place..<place + length)
            case 2: bytes.insert(contentsOf: words[random.below(words.count)], at: place)
            case 3: bytes.insert(contentsOf: Array(bytes[place..<place + length]), at: random.below(bytes.count))
            case 4: bytes.replaceSubrange(place..<place + length, with: words[random.below(words.count)])
            case 5: number(in: &bytes, from: place, &random)
            default:
                let word = words[random.below(words.count)]
                bytes.insert(contentsOf: repeatElement(word, count: random.below(40)).joined(), at: place)
            }
        }
        if bytes.isEmpty { bytes = [0] }
    }

    /// Replaces the next run of digits.
    private static func number(in bytes: inout [UInt8], from place: Int, _ random: inout SplitMix64) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: "\(random.next() >> UInt64(random.below(64)))".utf8)
    }
}
