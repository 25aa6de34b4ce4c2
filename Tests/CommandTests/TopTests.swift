import Foundation
import TestSupport
import Testing

/// The live view on a real terminal (tmux), of a recording: 23 mails of a spammer, 5 of a mail server, 3 of a shop.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct TopTests {
    private static let recording = "\(Repository.tests)/replay/demo.jsonl"

    private func replay(
        columns: Int = 80, rows: Int = 24, options: String = "--speed 1000", environment: String = ""
    ) throws -> Terminal {
        try Terminal(
            columns: columns, rows: rows, "\(Repository.mailsnoop) top --replay \(Self.recording) \(options)",
            environment: environment)
    }

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test(arguments: [(80, 24), (200, 60)])
    func eachKeyDoesWhatHelpSays(columns: Int, rows: Int) throws {
        let terminal = try replay(columns: columns, rows: rows)
        let first = lines(
            try terminal.screen(with: "31 connects", "at its end", "! 23 direct-mx", "cache.php:9", "q quit"))
        #expect(first[0].hasPrefix("mailsnoop  shop  "))
        #expect(first[0].contains("replay of demo.jsonl, at its end"))
        #expect(first[1].hasPrefix("31 connects, 0 open, "))
        #expect(first[2] == "! 23 direct-mx  3 smarthost  5 mta")
        #expect(first[3] == "3 by script")
        #expect(first[4].contains("▼LAST"))
        #expect(first[5].hasPrefix(">"))
        #expect(
            first[5...7].contains { $0.dropFirst(1).hasPrefix("!        23 direct-mx ") && $0.contains("cache.php:9") })
        if columns == 200 {
            #expect(
                first[4].contains("LAST EHLO") && first[4].contains("RCPTS") && first[4].contains("LAST DESTINATION"))
            #expect(first[5...7].contains { $0.contains(" ylmf-pc ") && $0.contains(" 198.51.100.153:25 ") })
            #expect(first[5...7].contains { $0.contains("/srv/shop.example/wp-content/uploads/2026/01/cache.php:9") })
        }

        try terminal.keys("'<' '<' '<' '<'")
        #expect(lines(try terminal.screen(with: "▼CONNECTS"))[5].contains(" 23 direct-mx"))
        try terminal.keys("r")
        #expect(lines(try terminal.screen(with: "▲CONNECTS"))[7].contains(" 23 direct-mx"))
        try terminal.keys("Right")
        #expect(lines(try terminal.screen(with: "▼VERDICT"))[5].contains(" 23 direct-mx"))
        for (key, state) in [
            ("2", "2 by program"), ("3", "2 by user"), ("4", "1 by pool"), ("5", "27 by destination"),
            ("g", "3 by script"),
            ("G", "27 by destination"), ("1", "3 by script"), ("Tab", "2 by program"), ("BTab", "3 by script"),
        ] {
            try terminal.keys(key)
            #expect(lines(try terminal.screen(with: state))[3] == state, "\(key)")
        }

        try terminal.keys("/")
        try terminal.keys("-l YLMF-PC")
        let filtered = lines(try terminal.screen(with: "1 of 3 by script, filter: YLMF-PC"))
        #expect(filtered[rows - 1].hasPrefix("filter: YLMF-PC"))
        #expect(try terminal.state.hasSuffix(" 1"))
        try terminal.keys("Enter")
        _ = try terminal.screen(with: "q quit")
        try terminal.keys("Escape")
        _ = try terminal.screen(with: "3 by script", without: ["filter:"])
        try terminal.keys("'!'")
        _ = try terminal.screen(with: "1 of 3 by script, alarms only")

        try terminal.keys("Enter")
        let detail = try terminal.screen(with: "connects  23, ", "verdicts  23 direct-mx")
        #expect(lines(detail)[3] == "/srv/shop.example/wp-content/uploads/2026/01/cache.php:9")
        try terminal.keys("End")
        let end = try terminal.screen(with: "command   php /srv/shop.example/wp-content/uploads/2026/01/cache.php")
        if columns == 200 {
            #expect(end.contains("hello     EHLO ylmf-pc"))
            #expect(end.contains("mail from account@bank.example"))
            #expect(end.contains("stack     #0 [internal] fsockopen"))
            #expect(end.contains("site      WordPress 6.4.2, uploads, in /srv/shop.example"))
            #expect(end.contains("[script-in-uploads]"))
        }
        try terminal.keys("c")
        let connections = lines(try terminal.screen(with: "23 of 23 connections of "))
        #expect(connections[5].hasPrefix(">! "))
        #expect(connections[4].contains("DESTINATION"))
        try terminal.keys("Down Enter")
        _ = try terminal.screen(with: "rcpt to   victim22@post.example")
        try terminal.keys("Escape")
        _ = try terminal.screen(with: "23 of 23 connections of ")
        try terminal.keys("q")
        _ = try terminal.screen(with: "verdicts  23 direct-mx")
        try terminal.keys("q")
        _ = try terminal.screen(with: "1 of 3 by script, alarms only")
        try terminal.keys("C")
        _ = try terminal.screen(with: "23 latest connections, alarms only")
        try terminal.keys("Escape '!'")
        _ = try terminal.screen(with: "3 by script", without: ["alarms only"])

        try terminal.keys("p")
        _ = try terminal.screen(with: "PAUSED")
        try terminal.keys("Space")
        _ = try terminal.screen(with: "replay of", without: ["PAUSED"])
        try terminal.keys("'?'")
        _ = try terminal.screen(with: "A line is a sender. ! marks an alarm")
        try terminal.keys("x")
        _ = try terminal.screen(with: "3 by script", without: ["A line is a sender."])
        try terminal.keys("m")
        _ = try terminal.screen(with: "the mouse selects and scrolls")
        // A click into the third row, and one on a title, as an xterm tells them; then the wheel.
        try terminal.keys(#"-l "$(printf '\033[M &(\033[M#&(')""#)
        #expect(lines(try terminal.screen(with: "q quit"))[7].hasPrefix(">"))
        try terminal.keys(#"-l "$(printf '\033[M (%%\033[M#(%%')""#)
        #expect(try terminal.screen(with: "▼CONNECTS").contains("▼CONNECTS"))
        try terminal.keys("Home")
        try terminal.keys(#"-l "$(printf '\033[Ma&(')""#)
        #expect(lines(try terminal.screen(with: "▼CONNECTS"))[6].hasPrefix(">"))
        try terminal.keys("m")
        _ = try terminal.screen(with: "no mouse")
        try terminal.keys("C-l")
        _ = try terminal.screen(with: "3 by script", without: ["the mouse"])
        try terminal.keys("q")
        _ = try terminal.screen(with: "ended 0", " echo")
    }

    @Test func whatIsSeenIsSavedAndNothingIsWrittenOver() throws {
        let file = NSTemporaryDirectory() + "top-\(UUID()).csv"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let terminal = try replay()
        _ = try terminal.screen(with: "at its end")
        for (attempt, answer) in [(0, "written to"), (1, "exists")] {
            try terminal.keys("w")
            _ = try terminal.screen(with: "save as CSV: mailsnoop-20")
            try terminal.keys("C-u")
            try terminal.keys("-l \(file)")
            try terminal.keys("Enter")
            #expect(try terminal.screen(with: answer).contains(answer), "\(attempt)")
        }
        let rows = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\r\n")
        #expect(rows.count == 4)
        #expect(rows[0].hasPrefix("last_time,grouping,connects,"))
        #expect(rows.contains { $0.contains(",script,23,23,0,23,46,") && $0.hasSuffix(",closed,ylmf-pc") })
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    }

    @Test func itFollowsTheSizeOfTheTerminal() throws {
        let terminal = try replay()
        _ = try terminal.screen(with: "at its end")
        for (columns, rows) in [(60, 10), (200, 60), (20, 4), (1, 1), (100, 30)] {
            try terminal.resize(columns: columns, rows: rows)
            // Of a screen of one line the foot is left.
            let text = try terminal.screen(with: columns < 20 ? "q" : "mailsnoop", columns < 60 ? "q" : "q quit")
            #expect(lines(text).allSatisfy { $0.count <= columns })
            #expect(text.contains(columns < 60 ? "" : "! 23 direct-mx") || columns < 60)
        }
    }

    @Test(arguments: [("q", "ended 0"), ("Q", "ended 0"), ("C-c", "ended 0")])
    func aKeyEndsItAndTheTerminalIsAsBefore(key: String, ending: String) throws {
        let terminal = try replay()
        _ = try terminal.screen(with: "at its end")
        #expect(try terminal.state == "1 0")
        try terminal.keys(key)
        let text = try terminal.screen(with: ending, " echo")
        #expect(text.contains("before"))
        #expect(text.contains(" echo"))
        #expect(!text.contains("q quit"))
        #expect(try terminal.state == "0 1")
    }

    @Test(arguments: [("TERM", "ended 0"), ("SEGV", "ended 139"), ("ILL", "ended 132"), ("ABRT", "ended 134")])
    func aSignalOrACrashGivesTheTerminalBack(signal: String, ending: String) throws {
        let terminal = try replay()
        _ = try terminal.screen(with: "at its end")
        try shell("kill -\(signal) \(terminal.pid)")
        let text = try terminal.screen(with: ending, " echo")
        #expect(text.contains("before"))
        #expect(text.contains(ending))
        #expect(text.contains(" echo"))
        #expect(try terminal.state == "0 1")
    }

    /// Nobody can give it back then: `reset` does, as the README says.
    @Test func afterAKillResetGivesItBack() throws {
        let terminal = try Terminal(
            "\(Repository.mailsnoop) top --replay \(Self.recording); reset -Q; echo again")
        _ = try terminal.screen(with: "31 connects")
        try shell("kill -KILL \(terminal.pid)")
        _ = try terminal.screen(with: "again", " echo")
        #expect(try terminal.state.hasSuffix(" 1"))
    }

    @Test func itIsStoppedAndGoesOn() throws {
        let terminal = try Terminal(
            "set -m; \(Repository.mailsnoop) top --replay \(Self.recording); echo stopped; fg; true")
        _ = try terminal.screen(with: "q quit")
        try terminal.keys("C-z")
        _ = try terminal.screen(with: "q quit")
        try terminal.keys("q")
        #expect(try terminal.screen(with: "stopped", "ended 0", " echo").contains("stopped"))
    }

    @Test(arguments: ["LC_ALL=C", "NO_COLOR=1", "TERM=vt100", "TERM=xterm", "TERM=linux"])
    func meaningDoesNotHangOnTheTerminal(environment: String) throws {
        let terminal = try replay(environment: environment)
        let plain = lines(try terminal.screen(with: "at its end", "! 23 direct-mx", "cache.php:9", "q quit"))
        #expect(plain[2] == "! 23 direct-mx  3 smarthost  5 mta")
        #expect(plain.contains { $0.dropFirst(1).hasPrefix("!        23 direct-mx ") && $0.contains("cache.php:9") })
        if environment == "LC_ALL=C" { #expect(plain.allSatisfy { $0.allSatisfy(\.isASCII) }) }
        let line = Array(lines(try terminal.screen(with: "at its end", escapes: true))[2].utf8)
        // ESC [ 3x m.
        let hasColors = line.firstRange(of: Array("[31m".utf8)) != nil
        #expect(hasColors == !["NO_COLOR=1", "TERM=vt100"].contains(environment), "\(line)")
    }

    /// A terminal that cannot move its cursor gets pages.
    @Test func aDumbTerminalIsWrittenTo() throws {
        let terminal = try replay(rows: 60, environment: "TERM=dumb")
        let text = try terminal.screen(with: "at its end", "! 23 direct-mx", "cache.php:9", escapes: true)
        #expect(text.contains("cache.php:9"))
        #expect(!text.contains("\u{1B}"))
        try terminal.keys("q")
        #expect(try terminal.screen(with: "ended 0", " echo").contains("ended 0"))
    }

    @Test func whatIsNoTerminalIsRefused() throws {
        let result = try mailsnoop("top", "--replay", Self.recording)
        #expect(result.status == 64)
        #expect(
            result.errors == "mailsnoop: the live view needs a terminal. Use `mailsnoop trace` for a file or a pipe.\n")
        let terminal = try replay(environment: "TERM=no-such-terminal")
        #expect(try terminal.screen(with: "ended 69").contains("terminfo does not know the terminal that TERM names."))
    }

    @Test func whatIsNoRecordingIsSaid() throws {
        for (file, status, text) in [
            ("/nonexistent", 66, "cannot read /nonexistent: No such file or directory"),
            ("/etc/passwd", 65, "/etc/passwd has no connection. Give a file that `mailsnoop trace --format json`"),
            ("/dev/null", 65, "/dev/null has no connection."), ("/", 66, "cannot read /: Is a directory"),
        ] {
            let terminal = try Terminal(columns: 200, "\(Repository.mailsnoop) top --replay \(file)")
            let screen = try terminal.screen(with: "ended \(status)")
            #expect(screen.contains("ended \(status)"), "\(file)")
            #expect(screen.contains(text), "\(file): \(screen)")
        }
        #expect(try mailsnoop("top", "--speed", "2").errors.contains("--speed is for --replay."))
        #expect(
            try mailsnoop("top", "--replay", Self.recording, "--speed", "0").errors.contains("--speed takes a number"))
    }

    /// In every column: the columns stand where they stood, whatever the terminal makes of it.
    @Test(arguments: [(80, 24), (200, 60)])
    func hostileNamesDoNotMoveTheScreen(columns: Int, rows: Int) throws {
        let names = [
            "\u{1B}[2J\u{1B}]0;owned\u{7}", "a\r\n\tb", "\u{202E}gpj.exe", "日本語のとても長い名前", "e\u{301}\u{301}\u{301}",
            String(repeating: "👍", count: 97), "\u{301}\u{301}", "👨\u{200D}👩\u{200D}👧🇩🇪🏳\u{FE0F}\u{200D}🌈", "नमस्ते", "ﷺ﷽",
            "\u{1F9FF}\u{1FAE8}",
            "\u{9B}2J", "\\x1b",
        ]
        let file = NSTemporaryDirectory() + "hostile-\(UUID()).json"
        defer { try? FileManager.default.removeItem(atPath: file) }
        var text = Data()
        for (index, name) in names.enumerated() {
            let time = String(format: "2026-01-31T12:00:%02d.000000000Z", index)
            let row: [String: Any] = [

                "destination": ["ip": "192.0.2.\(index)", "domain": name, "port": 25],
                "smtp": ["hello": "EHLO", "ehlo": name, "mail_from": name, "rcpt_to": name, "recipients": 1],
                "process": [
                    "pid": index, "name": name, "executable": name, "args": [name],
                    "real_user": ["id": "\(index)", "name": name],
                ],
                "host": ["name": names[index]],
                "mailsnoop": [
                    "state": "closed", "verdict": "direct-mx", "process": ["unit": name],
                    "reasons": [["code": "remote-mx", "text": name]],
                ],
            ]
            let json = try JSONSerialization.data(withJSONObject: row)
            text +=
                Data(#"{"@timestamp":"\#(time)","event":{"kind":"event","end":"\#(time)"},"#.utf8)
                + Data(json.dropFirst()) + Data("\n".utf8)
        }
        try text.write(to: URL(filePath: file))
        let terminal = try Terminal(
            columns: columns, rows: rows, "\(Repository.mailsnoop) top --replay \(file) --speed 1000")
        for (number, title) in ["SCRIPT OR COMMAND", "PROGRAM", "USER", "POOL", "DESTINATION"].enumerated() {
            try terminal.keys("\(number + 1)")
            let text = try terminal.screen(with: "! 13 direct-mx", title, "13 by", "q quit")
            try #require(text.contains("13 by"), "\(text)")
            let screen = lines(text)
            #expect(screen[0].hasPrefix("mailsnoop  "))
            #expect(screen[rows - 1].hasPrefix("q quit"))
            for line in screen[5..<18] {
                #expect(
                    Array(line)[1] == "!" && String(Array(line)[13...]).hasPrefix("direct-mx     1      1 12:00:"),
                    "\(line)")
            }
            #expect(screen[18].isEmpty)
        }
        try terminal.keys("C")
        let list = lines(try terminal.screen(with: "13 latest connections", "Esc back"))
        for line in list[5..<18] { #expect(String(Array(line)[3...]).hasPrefix("12:00:"), "\(line)") }
        for _ in names {
            try terminal.keys("Enter")
            let detail = lines(try terminal.screen(with: "verdict   direct-mx", "Esc back"))
            #expect(detail[0].hasPrefix("mailsnoop  ") && detail[rows - 1].hasPrefix("Esc back"))
            try terminal.keys("Escape Down")
            _ = try terminal.screen(with: "13 latest connections")
        }
    }

    /// Real connects, and names that would move the screen.
    @Test(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`"))
    func realConnectsAreShown() throws {
        let port = 10_067
        let terminal = try Terminal("\(Repository.mailsnoop) top --no-dns --port \(port)")
        _ = try terminal.screen(with: "Nothing has connected to a mail port yet.")
        try shell("\(Repository.connector) once --repeat 23 127.77.5.1 \(port)")
        try shell(#"bash -c 'exec -a $'"'"'\e[2J\e]0;owned\a日本\t'"'"' bash -c "</dev/tcp/127.77.5.2/\#(port)"'"#)
        let lines = lines(try terminal.screen(with: "24 connects", " 23 local"))
        #expect(lines[0].hasPrefix("mailsnoop  "))
        #expect(lines[1].hasPrefix("24 connects, 0 open, "))
        #expect(lines[2] == "24 local")
        #expect(lines[5...6].contains { $0.contains(#"\x1b[2J\x1b]0;owned"#) })
        #expect(lines[5...6].contains { $0.hasPrefix("          23 local") || $0.hasPrefix(">         23 local") })
        #expect(lines[23].hasPrefix("q quit"))
    }
}
