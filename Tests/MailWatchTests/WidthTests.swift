import MailWatch
import Testing

struct WidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("ﾊ", 1), ("한", 2), ("Ａ", 2), ("👍", 2),
        ("…", 1), ("a\u{20DD}b", 2), ("𠀀", 2), ("\u{3000}", 2),
    ])
    func textTakesColumns(text: String, columns: Int) {
        #expect(Escaping.width(text.utf8) == columns)
    }

    /// Wide are also some symbols between narrow ones (EastAsianWidth.txt). A row that is wider than it was counted runs
    /// into the next line.
    @Test(arguments: [0x231A, 0x2329, 0x232A, 0x2630, 0x268F, 0x26A1, 0x4DC0, 0x1D300, 0x1F18E, 0x1F9FF] as [UInt32])
    func symbolIsWide(value: UInt32) throws {
        #expect(Escaping.width(try #require(Unicode.Scalar(value))) == 2)
    }
}
