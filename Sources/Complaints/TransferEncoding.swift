/// Content-Transfer-Encoding (RFC 2045 section 6). What is malformed is left out.
enum TransferEncoding {
    static func decode(_ lines: ArraySlice<ArraySlice<UInt8>>, _ encoding: String) -> [UInt8] {
        switch encoding {
        case "base64": base64(lines.joined())
        case "quoted-printable": quotedPrintable(lines)
        default: joined(lines)
        }
    }

    private static func joined(_ lines: ArraySlice<ArraySlice<UInt8>>) -> [UInt8] {
        var text: [UInt8] = []
        for (index, line) in lines.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "\n")) }
            text += line
        }
        return text
    }

    static func base64(_ text: some Sequence<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text {
            guard let value = sextet(byte) else {
                if byte == UInt8(ascii: "=") { break }
                continue
            }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bytes
    }

    private static func sextet(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func quotedPrintable(_ lines: ArraySlice<ArraySlice<UInt8>>) -> [UInt8] {
        var bytes: [UInt8] = []
        for var line in lines {
            while let last = line.last, last.isBlank { line.removeLast() }
            let isSoft = line.last == UInt8(ascii: "=")
            if isSoft { line.removeLast() }
            unquote(line, to: &bytes)
            if !isSoft { bytes.append(UInt8(ascii: "\n")) }
        }
        return bytes
    }

    private static func unquote(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "="), rest.count >= 2, let high = nibble(rest[rest.startIndex]),
                let low = nibble(rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        byte.isDigit
            ? byte - 48 : (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20) ? (byte | 0x20) - 87 : nil
    }

    /// Encoded words (RFC 2047) in UTF-8, ISO-8859-1 or US-ASCII, as a subject has them; any others stay as they are.
    static func words(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        var followsWord = false
        while let start = rest.firstIndex(of: UInt8(ascii: "=")) {
            let before = rest[..<start]
            guard let (word, end) = word(rest[start...]) else {
                result += rest[...start]
                rest = rest[(start + 1)...]
                followsWord = false
                continue
            }
            // Blanks between two of them are not meant.
            if !followsWord || !before.trimmed.isEmpty { result += before }
            result += word
            rest = rest[end...]
            followsWord = true
        }
        return result + rest
    }

    /// `=?charset?B?text?=`, and where it ends.
    private static func word(_ text: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        let parts = text.split(separator: UInt8(ascii: "?"), maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].elementsEqual("=".utf8), parts[4].first == UInt8(ascii: "="),
            parts[1].count < 32, parts[3].count < 1000
        else { return nil }
        var bytes: [UInt8] = []
        switch parts[2].lowercased.text {
        case "b": bytes = base64(parts[3])
        case "q":
            unquote(
                parts[3].map { $0 == UInt8(ascii: "_") ? UInt8(ascii: " ") : $0 }[...], to: &bytes)
        default: return nil
        }
        switch parts[1].lowercased.text {
        case "utf-8", "us-ascii": break
        case "iso-8859-1": bytes = Array(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).utf8)
        default: return nil
        }
        return (bytes, parts[4].startIndex + 1)
    }
}
