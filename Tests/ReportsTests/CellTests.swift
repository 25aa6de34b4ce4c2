import MailWatch
import Reports
import Testing

struct CellTests {
    @Test(arguments: [
        ("abc", 3, "abc", 3), ("abcd", 3, "ab…", 3), ("abc", 1, "…", 1), ("abc", 0, "", 0), ("", 0, "", 0),
        ("日本", 4, "日本", 4), ("日本語", 5, "日本…", 5), ("日本語", 4, "日…", 3), ("日本", 3, "日…", 3),
        ("日", 1, "…", 1), ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}", 2), ("e\u{301}bc", 2, "e\u{301}…", 2),
        ("👍👍", 3, "👍…", 3),
    ])
    func textIsCutToColumns(text: String, width: Int, expected: String, taken: Int) {
        var line: [UInt8] = []
        #expect(Cell.append(Array(text.utf8), width: width, sink: .text, to: &line) == taken)
        #expect(String(decoding: line, as: UTF8.self) == expected)
        #expect(Escaping.width(line) == taken)
    }

    @Test func asciiTerminalGetsAnASCIIMark() {
        var line: [UInt8] = []
        #expect(Cell.append(Array("abcd".utf8), width: 3, sink: .ascii, to: &line) == 3)
        #expect(line == Array("ab~".utf8))
    }

    /// Whatever is cut is marked, and takes no more than its columns.
    @Test(arguments: 0...23)
    func anyTextFits(width: Int) {
        for text in Hostile.texts {
            var escaped: [UInt8] = []
            Escaping.append(text, to: &escaped, for: .text)
            var line: [UInt8] = []
            let taken = Cell.append(escaped, width: width, sink: .text, to: &line)
            #expect(taken == Escaping.width(line))
            #expect(taken <= width)
            if line != escaped { #expect(width == 0 || String(decoding: line, as: UTF8.self).last == "…") }
        }
    }
}
