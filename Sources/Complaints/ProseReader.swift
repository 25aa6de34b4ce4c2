internal import MailWatch

/// Finds what a text in words says: a blocklist's, a bounce's or a human's.
enum ProseReader {
    /// Bytes that are read.
    static let limit = 64 << 10

    static func read(_ text: [UInt8], into reader: inout ComplaintReader) {
        let text = Array(text.prefix(reader.takeProse(min(text.count, limit))))
        let lower = text.lowercased
        let saysHello = lower.contains("helo") || lower.contains("ehlo")
        for line in MailPieces.lines(text) where !line.isEmpty {
            let words = Array(line.split(whereSeparator: \.isBlank).prefix(1000))
            readAddresses(words, Array(line), &reader)
            readTimes(words, Array(line), saysHello: saysHello, &reader)
            readNames(words, Array(line), &reader)
        }
    }

    private static func readAddresses(_ words: [ArraySlice<UInt8>], _ line: [UInt8], _ reader: inout ComplaintReader) {
        for (index, word) in words.enumerated() {
            // Postfix: host mx.example[192.0.2.25] said
            if let open = word.firstIndex(of: UInt8(ascii: "[")), open > word.startIndex,
                let found = AddressText.read(word[open...])
            {
                if word[word.startIndex] != UInt8(ascii: "(") {
                    reader.note(destination: found.address, line)
                    reader.note(host: Array(word[..<open]), line)
                    continue
                }
            }
            guard let found = AddressText.read(word), AddressText.isPublic(found.address) else { continue }
            let before = index > 0 ? words[index - 1].lowercased.text : ""
            let second = index > 1 ? words[index - 2].lowercased : []
            // `to port 25 of 192.0.2.80`, `connected to 192.0.2.80`
            if before == "to" || before == "of" && second.allSatisfy(\.isDigit) && !second.isEmpty {
                reader.note(destination: found.address, line)
                reader.note(destinationPort: found.port, line)
            } else {
                reader.note(source: found.address, line)
                reader.note(sourcePort: found.port, line)
            }
        }
    }

    private static func readNames(_ words: [ArraySlice<UInt8>], _ line: [UInt8], _ reader: inout ComplaintReader) {
        let plain = words.map { word in word.lowercased.filter { $0.isLetter || $0.isDigit }.text }
        for (index, word) in plain.enumerated() {
            switch word {
            case "helo", "ehlo", "helos", "ehlos", "heloehlo", "heloed", "ehloed":
                // `HELOs as mail.com`, `HELO: mail.com`, `EHLO name was mail.com`
                var next = index + 1
                while next < plain.count,
                    ["as", "name", "string", "value", "is", "was", "of", "with", ""].contains(plain[next])
                {
                    next += 1
                }
                if next < words.count, words[next].contains(UInt8(ascii: ".")) || next > index + 1 {
                    reader.note(hello: trim(words[next]), line)
                }
            case "port":
                guard index + 1 < plain.count, let port = UInt16(plain[index + 1]) else { continue }
                if index > 0, plain[index - 1] == "source" {
                    reader.note(sourcePort: port, line)
                } else {
                    reader.note(destinationPort: port, line)
                }
            case "sourceport": if index + 1 < plain.count { reader.note(sourcePort: UInt16(plain[index + 1]), line) }
            default:
                // `<customer@bluewin.example>: host …` begins a bounce's word on a recipient.
                if index == 0, words[0].first == UInt8(ascii: "<"), words[0].suffix(2).elementsEqual(">:".utf8) {
                    reader.note(recipient: mailbox(words[0]), line)
                }
            }
        }
    }

    private static func trim(_ word: ArraySlice<UInt8>) -> [UInt8] {
        let punctuation = Array("<>\"'(),;.:".utf8)
        var word = word
        while let first = word.first, punctuation.contains(first) { word.removeFirst() }
        while let last = word.last, punctuation.contains(last) { word.removeLast() }
        return Array(word)
    }

    private static func readTimes(
        _ words: [ArraySlice<UInt8>], _ line: [UInt8], saysHello: Bool, _ reader: inout ComplaintReader
    ) {
        var index = 0
        while index < words.count {
            guard let (time, length) = time(words[index...], &reader) else {
                index += 1
                continue
            }
            reader.note(Moment(time, tolerance: tolerance(words[(index + length)...])), line)
            // Spamhaus: (IP, UTC timestamp, HELO value)
            let next = index + length
            if saysHello, index == 1, AddressText.read(words[0]) != nil, next == words.count - 1 {
                reader.note(hello: trim(words[next]), line)
            }
            index = next
        }
    }

    /// The longest date with a time of day that the words begin with.
    private static func time(
        _ words: ArraySlice<ArraySlice<UInt8>>, _ reader: inout ComplaintReader
    ) -> (TimeText, length: Int)? {
        guard let first = words.first, first.count <= 40 else { return nil }
        let isDate = first.first(where: { $0 != UInt8(ascii: "(") })?.isDigit ?? false
        let day = first.prefix(3).lowercased.text
        guard isDate || ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(day) else { return nil }
        guard words.prefix(6).contains(where: { $0.contains(UInt8(ascii: ":")) }), reader.takeTime() else { return nil }
        // What is behind it in parentheses may be the tolerance, and no comment.
        let words = words.prefix { !$0.starts(with: "(+".utf8) }
        for length in stride(from: min(words.count, 7), through: 1, by: -1) {
            let text = words.prefix(length).joined(separator: [UInt8(ascii: " ")])
            var bytes = Array(text)
            while let last = bytes.last, Array(".,;".utf8).contains(last) { bytes.removeLast() }
            guard bytes.contains(UInt8(ascii: ":")), bytes.count <= 80,
                let time = try? TimeText(bytes.text, now: 0, zone: .utc), time.precision < 3_600_000_000_000
            else { continue }
            return (time, length)
        }
        return nil
    }

    /// `(+/- 30 minutes)` right behind a time.
    private static func tolerance(_ words: ArraySlice<ArraySlice<UInt8>>) -> UInt64? {
        let words = words.prefix(3).map { trim($0).lowercased.text }
        guard words.count == 3, words[0] == "+/-" || words[0] == "+-" || words[0] == "±", let count = UInt64(words[1]),
            count <= 10_000
        else { return nil }
        let unit: UInt64 =
            words[2].hasPrefix("h") ? 3600 : words[2].hasPrefix("m") ? 60 : words[2].hasPrefix("s") ? 1 : 0
        return unit == 0 ? nil : count * unit * 1_000_000_000
    }
}
