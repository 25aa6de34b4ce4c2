import MailWatch
import Testing

struct EscapingTests {
    @Test func plainTextStaysAsItIs() {
        let plain = String(decoding: UInt8(0x20)...0x7E, as: UTF8.self).filter { $0 != "\\" && $0 != "\"" }
        for sink in [Sink.text, .ascii, .json] { #expect(escape(plain, sink) == plain) }
    }

    @Test(arguments: Array(UInt8(0)..<0x20) + [0x7F])
    func controlIsEscaped(byte: UInt8) {
        #expect(escape([0x61, byte, 0x62], .text) == "a\\x\(hexadecimal(byte))b")
        #expect(escape([0x61, byte, 0x62], .ascii) == "a\\x\(hexadecimal(byte))b")
        #expect(escape([0x61, byte, 0x62], .json) == "a\\u00\(hexadecimal(byte))b")
    }

    @Test func titleSequenceCannotReachATerminal() {
        #expect(escape("\u{1B}]0;owned\u{7}", .text) == #"\x1b]0;owned\x07"#)
    }

    /// CSI and its like, as the one byte that 8-bit terminals know and as UTF-8.
    @Test(arguments: UInt8(0x80)...0x9F)
    func c1IsEscaped(byte: UInt8) {
        #expect(escape([byte], .text) == "\\x\(hexadecimal(byte))")
        #expect(escape([0xC2, byte], .text) == "\\u{00\(hexadecimal(byte))}")
        #expect(escape([0xC2, byte], .json) == "\\u00\(hexadecimal(byte))")
    }

    @Test(
        arguments: [
            0xAD, 0x61C, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D,
            0x202E, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF, 0xE000, 0xF8FF, 0xFDD0, 0xFFFE, 0xFFFF,
            0x115F, 0x1160, 0x3164, 0xFFA0,
        ] as [UInt32])
    func characterThatHidesOrReordersIsEscaped(value: UInt32) throws {
        let text = String(try #require(Unicode.Scalar(value)))
        let digits = hexadecimal(UInt8(value >> 8)) + hexadecimal(UInt8(value & 0xFF))
        #expect(escape(text, .text) == "\\u{\(digits)}")
        #expect(escape(text, .json) == "\\u\(digits)")
    }

    /// Default-ignorable marks show nothing: `php` with one of them behind would look like `php`.
    @Test(arguments: [0x34F, 0x17B4, 0x180B, 0xFE00, 0xFE0F, 0xE0100, 0xE01EF] as [UInt32])
    func invisibleMarkIsEscaped(value: UInt32) throws {
        let mark = try #require(Unicode.Scalar(value))
        #expect(escape("php\(mark)", .text).hasPrefix("php\\u{"))
    }

    @Test(arguments: [
        (0xE0001, #"\u{0e0001}"#, #"\udb40\udc01"#), (0xE0041, #"\u{0e0041}"#, #"\udb40\udc41"#),
        (0xF0000, #"\u{0f0000}"#, #"\udb80\udc00"#), (0x10FFFF, #"\u{10ffff}"#, #"\udbff\udfff"#),
    ])
    func tagOrPrivateUseBeyondTheFirstPlaneIsEscaped(value: Int, text: String, json: String) throws {
        let scalar = String(try #require(Unicode.Scalar(UInt32(value))))
        #expect(escape(scalar, .text) == text)
        #expect(escape(scalar, .json) == json)
    }

    /// Overlong, truncated, surrogates, beyond U+10FFFF, lone continuations, and bytes that UTF-8 never has.
    @Test(
        arguments: [
            ([0xC0, 0x80], #"\xc0\x80"#), ([0xC0, 0xAF], #"\xc0\xaf"#), ([0xC1, 0xBF], #"\xc1\xbf"#),
            ([0xE0, 0x80, 0xAF], #"\xe0\x80\xaf"#), ([0xF0, 0x80, 0x80, 0xAF], #"\xf0\x80\x80\xaf"#),
            ([0xE2, 0x80], #"\xe2\x80"#), ([0xE2], #"\xe2"#), ([0xF0, 0x9F, 0x98], #"\xf0\x9f\x98"#),
            ([0xED, 0xA0, 0x80], #"\xed\xa0\x80"#), ([0xED, 0xBF, 0xBF], #"\xed\xbf\xbf"#),
            ([0xF4, 0x90, 0x80, 0x80], #"\xf4\x90\x80\x80"#), ([0xF5, 0x80], #"\xf5\x80"#),
            ([0x80], #"\x80"#), ([0xBF, 0xBF], #"\xbf\xbf"#), ([0xFE, 0xFF], #"\xfe\xff"#),
        ] as [([UInt8], String)])
    func bytesThatAreNoUTF8AreEscapedAndCounted(bytes: [UInt8], text: String) {
        var escaped: [UInt8] = []
        #expect(Escaping.append(bytes, to: &escaped, for: .text) == bytes.count)
        #expect(String(decoding: escaped, as: UTF8.self) == text)
        #expect(escape(bytes, .ascii) == text)
        #expect(escape(bytes, .json) == String(repeating: "\u{FFFD}", count: bytes.count))
    }

    @Test func textBehindATruncatedCharacterIsKept() {
        #expect(escape([0xE2, 0x80, 0x61, 0xC3, 0xA9], .text) == #"\xe2\x80aé"#)
        #expect(escape([0xF0, 0x9F, 0x0A], .text) == #"\xf0\x9f\x0a"#)
    }

    @Test func backslashAndQuoteAreEscapedAsTheSinkNeedsIt() {
        #expect(escape(#"\"'"#, .text) == #"\\"'"#)
        #expect(escape(#"\"'"#, .ascii) == #"\\"'"#)
        #expect(escape(#"\"'"#, .json) == #"\\\"'"#)
    }

    /// What is typed can not look like what was escaped.
    @Test func escapeSequenceInTheTextIsToldApart() {
        #expect(escape(#"\x1b"#, .text) == #"\\x1b"#)
    }

    @Test func lettersOfTheWorldStayButForASCIITerminals() {
        #expect(escape("Übung 日本 ру 👍", .text) == "Übung 日本 ру 👍")
        #expect(escape("é👍", .json) == "é👍")
        #expect(escape("é日👍", .ascii) == #"\u{00e9}\u{65e5}\u{01f44d}"#)
    }

    @Test func sliceAndStringAreEscapedAlike() {
        var escaped: [UInt8] = []
        Escaping.append(Array("__a\nb__".utf8)[2..<5], to: &escaped, for: .text)
        #expect(String(decoding: escaped, as: UTF8.self) == #"a\x0ab"#)
        #expect(Escaping.text("a\nb") == #"a\x0ab"#)
    }
}

func escape(_ bytes: [UInt8], _ sink: Sink) -> String {
    var escaped: [UInt8] = []
    Escaping.append(bytes, to: &escaped, for: sink)
    return String(decoding: escaped, as: UTF8.self)
}

func escape(_ text: String, _ sink: Sink) -> String { escape(Array(text.utf8), sink) }

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0\(digits)" : digits
}
