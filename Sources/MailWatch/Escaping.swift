/// Where text goes, and so how what must not stand there raw is written.
public enum Sink: Sendable {
    /// A terminal, a log, a table, CSV: `\x1b`, `\u{202e}`, and `\\` for a backslash, so that nothing is ambiguous.
    case text
    /// As `text`, for a terminal that shows only ASCII.
    case ascii
    /// The inside of a JSON string (RFC 8259 section 7).
    case json
    /// As `text`, within an HTML element or a quoted attribute.
    case html
    /// As `text`, within a line of Markdown (CommonMark, and GitHub's tables, autolinks and mentions).
    case markdown
}

/// The one way from a traced process or the network to any output.
///
/// Replaced are C0, DEL, C1, bytes that are no UTF-8, and the characters that reorder or hide text: bidirectional
/// controls (UAX #9), zero-width and other invisible characters (Default_Ignorable_Code_Point), blanks other than U+0020,
/// line and paragraph separators, private use and noncharacters.
public enum Escaping {
    /// Appends `bytes` as they may stand in `sink`. Returns the number of bytes that were no UTF-8.
    @discardableResult
    public static func append(_ bytes: [UInt8], to text: inout [UInt8], for sink: Sink) -> Int {
        append(bytes[...], to: &text, for: sink)
    }

    @discardableResult
    public static func append(_ string: String, to text: inout [UInt8], for sink: Sink) -> Int {
        append(Array(string.utf8)[...], to: &text, for: sink)
    }

    @discardableResult
    public static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8], for sink: Sink) -> Int {
        guard sink != .html, sink != .markdown else {
            var plain: [UInt8] = []
            let invalid = append(bytes, to: &plain, for: .text)
            sink == .html ? append(html: plain, to: &text) : append(markdown: plain, to: &text)
            return invalid
        }
        var invalid = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let start = index
            while index < bytes.endIndex, isPlain(bytes[index], in: sink) { index += 1 }
            text.append(contentsOf: bytes[start..<index])
            guard index < bytes.endIndex else { break }
            let byte = bytes[index]
            if byte < 0x80 {
                append(control: byte, to: &text, for: sink)
                index += 1
            } else if let (scalar, length) = decode(bytes[index...]) {
                if sink != .ascii && isHarmless(scalar) {
                    text.append(contentsOf: bytes[index..<index + length])
                } else {
                    append(scalar: scalar, to: &text, for: sink)
                }
                index += length
            } else {
                invalid += 1
                switch sink {
                case .text, .ascii, .html, .markdown: append(hexadecimal: byte, to: &text)
                case .json: text.append("\u{FFFD}" as StaticString)
                }
                index += 1
            }
        }
        return invalid
    }

    /// The text form as a String, for messages.
    public static func text(_ string: String) -> String {
        var escaped: [UInt8] = []
        append(string, to: &escaped, for: .text)
        return String(decoding: escaped, as: UTF8.self)
    }

    /// Columns that escaped text takes in a terminal. Escaped text has no control characters.
    public static func width(_ text: some Sequence<UInt8>) -> Int {
        String(decoding: Array(text), as: UTF8.self).unicodeScalars.reduce(0) { $0 + width($1) }
    }

    /// 0 for combining marks, 2 for East Asian wide and emoji, else 1 (UAX #11).
    public static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x303E, 0x3041...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1D300...0x1D356, 0x1D360...0x1D376,
            0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            return 2
        default:
            return scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8, in sink: Sink) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && (sink != .json || byte != UInt8(ascii: "\""))
    }

    private static func append(control byte: UInt8, to text: inout [UInt8], for sink: Sink) {
        switch (sink, byte) {
        case (_, UInt8(ascii: "\\")): text.append("\\\\" as StaticString)
        case (.json, UInt8(ascii: "\"")): text.append("\\\"" as StaticString)
        case (.json, _): append(utf16: UInt16(byte), to: &text)
        case (_, _): append(hexadecimal: byte, to: &text)
        }
    }

    private static func append(scalar: Unicode.Scalar, to text: inout [UInt8], for sink: Sink) {
        switch sink {
        case .text, .ascii, .html, .markdown:
            text.append("\\u{" as StaticString)
            text.append(hexadecimal: scalar.value, width: scalar.value > 0xFFFF ? 6 : 4)
            text.append(UInt8(ascii: "}"))
        case .json:
            for unit in UTF16.encode(scalar)! { append(utf16: unit, to: &text) }
        }
    }

    /// Text form to HTML.
    private static func append(html plain: [UInt8], to text: inout [UInt8]) {
        for byte in plain {
            switch byte {
            case UInt8(ascii: "&"): text.append("&amp;" as StaticString)
            case UInt8(ascii: "<"): text.append("&lt;" as StaticString)
            case UInt8(ascii: ">"): text.append("&gt;" as StaticString)
            case UInt8(ascii: "\""): text.append("&quot;" as StaticString)
            case UInt8(ascii: "'"): text.append("&#39;" as StaticString)
            default: text.append(byte)
            }
        }
    }

    /// What has a meaning within a line: `:` and `@` make GitHub's links, mentions and emoji, `#` its issues, `$` formulas.
    private static let markdownMarks = Set("\\`*_[]<>#|&~:@$".utf8)

    /// Text form to Markdown.
    private static func append(markdown plain: [UInt8], to text: inout [UInt8]) {
        for (index, byte) in plain.enumerated() {
            // `www.` begins a link too.
            let isLink =
                byte == UInt8(ascii: ".") && plain[..<index].suffix(3).map { $0 | 0x20 }.elementsEqual("www".utf8)
            if isLink || markdownMarks.contains(byte) { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
        }
    }

    private static func append(hexadecimal byte: UInt8, to text: inout [UInt8]) {
        text.append("\\x" as StaticString)
        text.append(hexadecimal: UInt32(byte), width: 2)
    }

    private static func append(utf16 unit: UInt16, to text: inout [UInt8]) {
        text.append("\\u" as StaticString)
        text.append(hexadecimal: UInt32(unit), width: 4)
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isDefaultIgnorableCodePoint { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        // They look like a blank, or like nothing.
        case .spaceSeparator: return false
        default: return true
        }
    }

    /// The scalar at the front and its length in bytes; nil where there is no well-formed one (Unicode table 3-7).
    private static func decode(_ bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
        var decoder = UTF8()
        var iterator = bytes.prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return (scalar, UTF8.width(scalar))
    }
}
