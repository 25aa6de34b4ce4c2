import MailWatch
import Testing

@testable import TopView

struct LiveViewTests {
    private static let names: [String] = [
        "php", "\u{1B}[2J\u{1B}]0;owned\u{7}", "a\r\nb", "\u{202E}gpj.exe", "日本語のとても長い名前日本語のとても長い名前",
        "e\u{301}\u{301}\u{301}", String(repeating: "👍", count: 97), String(repeating: "x", count: 1023), "\\", "",
        "\u{301}", "\u{1F468}\u{200D}\u{1F469}", "a\tb",
    ]

    private var view = LiveView(sink: .text)
    private var traffic = Traffic { $0.process.description.uid == 7 ? Judgement(.directMX) : Judgement(.local) }
    private var board = Board()

    /// By reverse DNS, of any destination.
    private var destinationName: [UInt8]?

    private mutating func lines(_ columns: Int = 80, _ rows: Int = 24, second: UInt64 = 100) -> [String] {
        var scene = Scene(board, second: second)
        scene.name = { [destinationName] _ in destinationName }
        return view.frame(of: scene, columns: columns, rows: rows).text.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @discardableResult
    private mutating func press(_ keys: Key...) -> LiveView.Action {
        keys.map { view.handle($0, scene: Scene(board)) }.last ?? .nothing
    }

    private mutating func type(_ text: String) { for scalar in text.unicodeScalars { press(.character(scalar)) } }

    /// Three senders: perl spams, php and curl do not.
    private mutating func begin() {
        for id in [1, 2, 3] as [UInt64] { board.note(traffic.connect(id, "perl", uid: 7, to: "192.0.2.\(id)")) }
        board.note(traffic.connect(5, "php"))
        board.note(traffic.connect(7, "curl", uid: 34, to: "2001:db8::7"))
        board.note(traffic.line(1, .ehlo, "EHLO mail.com"))
        board.note(traffic.close(1))
    }

    /// The rows of the list.
    private mutating func rows(_ columns: Int = 80) -> [String] {
        Array(lines(columns)[5..<23].prefix { !$0.isEmpty })
    }

    @Test mutating func headSaysWhatIsCounted() throws {
        begin()
        let lines = lines()
        #expect(lines[0].hasPrefix("mailsnoop  mx1.example.net  "))
        #expect(lines[0].contains("  hook kprobe/tcp_connect"))
        #expect(lines[1].hasPrefix("5 connects, 4 open, 0.0/s "))
        #expect(lines[1].hasSuffix(" 2 min, lost nothing"))
        #expect(lines[2] == "! 3 direct-mx  2 local")
        #expect(lines[3] == "3 by script")
        #expect(lines[4].hasPrefix("    CONNECTS VERDICT    /MIN  DESTS ▼LAST    USER       SCRIPT OR COMMAND"))
        #expect(lines[23].hasPrefix("q quit  ? help  Enter detail  c connections"))
        var losses = Losses()
        losses.connects = 23
        let lost = view.frame(of: Scene(board, losses: losses), columns: 80, rows: 24).text[1]
        #expect(String(decoding: lost, as: UTF8.self).hasSuffix(", LOST 23"))
    }

    @Test mutating func rowTellsAllOfASender() throws {
        begin()
        let perl = try #require(rows(200).first { $0.contains("perl") })
        #expect(perl.hasPrefix(" !         3 direct-mx     0      3 "))
        #expect(perl.contains(" u7 "))
        #expect(perl.contains(" mail.com "))
        #expect(perl.contains(" 192.0.2.3:25 "))
        #expect(perl.contains(" perl --sender=3"))
        #expect(rows().map { $0.prefix(2) } == ["> ", "  ", " !"])
        #expect(lines(second: 8)[7].hasPrefix(" !         3 direct-mx     3 "))
    }

    @Test mutating func keysSort() {
        begin()
        #expect(rows().map { $0.split(separator: "=").last?.first } == ["7", "5", "3"])
        // LAST is behind DESTS, and that behind CONNECTS by two.
        for _ in 0..<4 { press(.character("<")) }
        #expect(lines()[4].contains("▼CONNECTS"))
        #expect(rows().first?.contains("perl") == true)
        press(.character("r"))
        #expect(lines()[4].contains("▲CONNECTS"))
        #expect(rows().last?.contains("perl") == true)
        press(.right)
        #expect(lines()[4].contains("▼VERDICT"))
        #expect(rows().first?.contains("perl") == true)
        press(.left, .left)
        #expect(lines()[4].contains("▼SCRIPT"))
        #expect(rows().map { $0.contains("curl") } == [true, false, false])
    }

    @Test(arguments: [(1, "script", 3), (2, "program", 3), (3, "user", 3), (4, "pool", 1), (5, "destination", 5)])
    mutating func keysGroup(number: Int, name: String, count: Int) {
        begin()
        press(.character(Unicode.Scalar("\(number)")!))
        #expect(lines()[3] == "\(count) by \(name)")
        #expect(rows().count == count)
        press(.character("g"))
        press(.character("G"))
        #expect(lines()[3] == "\(count) by \(name)")
        press(.backTab, .tab)
        #expect(lines()[3] == "\(count) by \(name)")
    }

    @Test mutating func filterIsAsYouType() {
        begin()
        press(.character("/"))
        type("MAIL.C")
        #expect(lines()[3] == "1 of 3 by script, filter: MAIL.C")
        #expect(lines()[23].hasPrefix("filter: MAIL.C   "))
        #expect(view.frame(of: Scene(board), columns: 80, rows: 24).cursor?.column == 14)
        press(.escape)
        #expect(rows().count == 3)
        press(.character("/"))
        type("curlx")
        press(.backspace, .enter)
        #expect(lines()[3] == "1 of 3 by script, filter: curl")
        #expect(rows().first?.hasPrefix(">") == true)
        press(.escape)
        #expect(rows().count == 3)
        press(.character("/"))
        type("nobody")
        press(.enter)
        #expect(lines()[5] == "None of them fits. Esc shows all again.")
    }

    @Test mutating func alarmsAlone() {
        begin()
        press(.character("!"))
        #expect(lines()[3] == "1 of 3 by script, alarms only")
        #expect(rows().count == 1)
        press(.character("c"))
        #expect(lines()[3] == "3 of 3 connections of perl --sender=3, alarms only")
        press(.escape, .character("C"))
        #expect(lines()[3] == "3 latest connections, alarms only")
        #expect(rows().count == 3)
    }

    @Test mutating func onlyWantedVerdictsAreShown() {
        begin()
        view = LiveView(sink: .text, wanted: [.local])
        #expect(lines()[3] == "2 of 3 by script, only local")
    }

    @Test mutating func pauseHoldsTheScreen() {
        begin()
        _ = lines()
        press(.character("p"))
        board.note(traffic.connect(11, "late"))
        #expect(lines()[0].contains("  PAUSED  "))
        #expect(rows().count == 3)
        press(.down, .enter)
        #expect(lines().contains { $0.contains("php --sender=5") })
        press(.escape, .character(" "))
        #expect(rows().count == 4)
        #expect(!lines()[0].contains("PAUSED"))
    }

    @Test mutating func detailTellsAll() {
        begin()
        _ = lines()
        press(.end, .enter)
        let lines = lines(120, 50)
        #expect(lines[3].hasPrefix("perl --sender=3"))
        #expect(lines.contains("  verdicts  3 direct-mx"))
        #expect(lines.contains { $0.hasPrefix("  latest    ") && $0.hasSuffix(" direct-mx connecting 192.0.2.3:25") })
        #expect(lines.contains { $0.hasPrefix("  process   3 /usr/bin/perl") })
        press(.character("c"))
        #expect(self.lines()[3].hasPrefix("3 of 3 connections of perl --sender=3"))
        press(.end, .enter)
        #expect(self.lines(120, 50).contains("  hello     EHLO mail.com"))
        press(.escape, .escape)
        #expect(self.lines(120, 50).contains("  verdicts  3 direct-mx"))
        press(.character("q"))
        #expect(self.lines()[3] == "3 by script")
        #expect(press(.character("q")) == .quit)
    }

    @Test mutating func longTextScrolls() {
        begin()
        _ = lines(40, 10)
        press(.enter)
        let first = lines(40, 10)
        #expect(first[8] == "… Down shows more")
        press(.down)
        #expect(lines(40, 10)[3] != first[3])
        press(.end)
        let last = lines(40, 10)
        #expect(last[8] != "… Down shows more")
        press(.down)
        #expect(lines(40, 10) == last)
        press(.home)
        #expect(lines(40, 10) == first)
    }

    @Test mutating func manyRowsScroll() {
        for id in 1...97 as ClosedRange<UInt64> { board.note(traffic.connect(id, "p\(id)")) }
        #expect(rows().count == 18)
        press(.pageDown)
        #expect(rows().last?.hasPrefix(">") == true)
        press(.end)
        #expect(rows().last?.contains("p1 ") == true)
        #expect(rows().last?.hasPrefix(">") == true)
        press(.character("k"))
        #expect(rows()[16].hasPrefix(">"))
        press(.home)
        _ = lines()
        press(.character("j"))
        #expect(rows()[1].hasPrefix(">"))
        // A click on a row, and one on a title.
        _ = lines()
        press(.click(9, 3))
        #expect(rows()[4].hasPrefix(">"))
        press(.click(4, 6))
        #expect(lines()[4].contains("▼CONNECTS"))
    }

    @Test mutating func sendersBeyondTheLimitAreSaid() {
        board = Board(groupLimit: 2)
        for id in 1...5 as ClosedRange<UInt64> { board.note(traffic.connect(id, "p\(id)")) }
        #expect(lines()[3] == "2 by script, and 3 connects of senders no longer kept")
    }

    @Test mutating func whatIsSeenIsSaved() throws {
        begin()
        _ = lines()
        press(.character("/"))
        type("perl")
        press(.enter)
        press(.character("w"))
        #expect(lines()[23].hasPrefix("save as CSV: mailsnoop-19700101T000140Z.csv"))
        press(.character("\u{15}"))
        type("x.csv")
        guard case .save(let path, let content) = press(.enter) else {
            Issue.record("nothing is saved")
            return
        }
        #expect(path == "x.csv")
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\r\n")
        #expect(lines.count == 2)
        #expect(
            lines[1].hasPrefix(
                "1970-01-01T00:00:03.000000000Z,script,3,0,0,3,0,0,0,0,3,0,0,u7,7,/usr/bin/perl,,,perl --sender=3,192.0.2.3,"
            ))
        press(.character("c"), .character("w"))
        guard case .save(_, let connections) = press(.enter) else {
            Issue.record("nothing is saved")
            return
        }
        #expect(String(decoding: connections, as: UTF8.self).split(separator: "\r\n").count == 4)
        view.say("written to \u{1B}[2J")
        #expect(self.lines()[23] == #"written to \x1b[2J"#)
        press(.escape, .enter, .character("w"))
        #expect(self.lines()[23] == "w saves a table: go back with Esc")
    }

    @Test mutating func helpNamesEveryKey() {
        let text = lines(80, 60)
        #expect(text[5] == "Nothing has connected to a mail port yet.")
        press(.character("?"))
        // All of it on the smallest screen.
        let help = lines().joined(separator: "\n")
        #expect(help.contains("VERDICT   the worst") && !help.contains("Down shows more"))
        for key in ["Enter", "PgUp", " c ", " g ", " / ", " ! ", " p ", " w ", " m ", "^L", "Esc", "< >"] {
            #expect(help.contains(key), "\(key)")
        }
        press(.character("x"))
        #expect(lines()[3] == "0 by script")
        press(.character("x"))
        #expect(lines()[23].hasPrefix("no such key"))
        #expect(press(.character("m")) == .mouse(true))
        #expect(press(.character("\u{0C}")) == .redraw)
    }

    @Test(arguments: [(80, 24), (200, 60), (20, 5), (1, 1), (1, 24), (80, 1), (80, 4), (110, 7), (121, 24)])
    mutating func screenIsFilledAndNothingRunsOver(columns: Int, rows: Int) throws {
        for sink in [Sink.text, .ascii] {
            view = LiveView(sink: sink)
            board = Board()
            traffic = Traffic(isNamedAlike: true) {
                Judgement($0.process.description.uid == 7 ? .directMX : .unknown)
            }
            expectFits(columns, rows, sink)
            destinationName = Array(Self.names[4].utf8) + [0xFF, 0x1B, 0x0A]
            for (index, name) in Self.names.enumerated() {
                let id = UInt64(index + 1)
                board.note(traffic.connect(id, name, uid: index % 2 == 0 ? 7 : 8))
                board.note(traffic.line(id, .ehlo, "EHLO \(name)"))
                board.note(traffic.line(id, .mail, "MAIL FROM:<\(name)@\(name)>"))
                board.note(traffic.line(id, .rcpt, "RCPT TO:<\(name)@\(name)>", recipients: 1))
            }
            for number in 1...5 {
                press(.character(Unicode.Scalar("\(number)")!))
                for index in 0..<Self.names.count {
                    expectFits(columns, rows, sink)
                    press(.enter)
                    expectFits(columns, rows, sink)
                    press(.character("c"))
                    expectFits(columns, rows, sink)
                    press(.enter, .end)
                    expectFits(columns, rows, sink)
                    press(.escape, .escape, .escape)
                    if index > 0 { press(.down) }
                }
            }
            press(.character("/"))
            type("\u{202E}日\u{301}" + String(repeating: "w", count: 300))
            expectFits(columns, rows, sink)
            press(.enter)
            expectFits(columns, rows, sink)
            press(.character("?"))
            expectFits(columns, rows, sink)
        }
    }

    private mutating func expectFits(_ columns: Int, _ rows: Int, _ sink: Sink) {
        let lines = lines(columns, rows)
        #expect(lines.count == rows)
        for line in lines {
            #expect(Escaping.width(line.utf8) <= columns)
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
            #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .format })
            if sink == .ascii { #expect(line.allSatisfy { $0.isASCII }) }
        }
        let top = lines.prefix(6).firstIndex { $0.contains("VERDICT") } ?? lines.count
        // The columns stand below their titles, whatever is in them.
        for line in lines.dropFirst(top + 1).dropLast() where line.hasPrefix(" ! ") || line.hasPrefix(">! ") {
            guard columns >= 80, lines[top].contains("CONNECTS ") else { continue }
            #expect(Array(line.unicodeScalars)[12] == " ")
        }
    }

    /// Where a line is cut, something says so.
    @Test mutating func whatIsCutHasAnEllipsis() {
        board.note(traffic.connect(1, String(repeating: "y", count: 99)))
        for columns in 30...130 {
            for line in lines(columns) where line.contains("yyy") { #expect(line.contains("…")) }
        }
    }
}
