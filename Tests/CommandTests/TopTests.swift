import Foundation
import TestSupport
import Testing

/// The live view on a real terminal: tmux, a pane of 80x24.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(2)))
struct TopTests {
    private let port = 10_067

    /// A terminal with the live view, begun from a shell that says when it has ended, and how the terminal is set.
    private struct Terminal: ~Copyable {
        let socket = "mailsnoop-\(UUID())"

        init(columns: Int, rows: Int, port: Int) throws {
            // The server lives on, and would keep open what Foundation waits for to close.
            try shell(
                """
                for fd in /proc/$$/fd/*; do fd=${fd##*/}; (( fd <= 2 )) || eval "exec $fd>&-"; done
                tmux -L \(socket) -f /dev/null new-session -d -x \(columns) -y \(rows) \
                'echo before; \(Repository.mailsnoop) top --port \(port); echo ended $?; stty -a | grep -o " echo "; cat' \
                </dev/null >/dev/null 2>&1
                """)
        }

        deinit { _ = try? shell("tmux -L \(socket) kill-server") }

        func keys(_ keys: String) throws { try shell("tmux -L \(socket) send-keys \(keys)") }

        var pid: String {
            get throws { try shell("pgrep -f 'mailsnoop top --port' -n").text.trimmingCharacters(in: .newlines) }
        }

        /// The screen, as soon as it shows all of the words; what it shows after ten seconds otherwise.
        func screen(with words: String...) throws -> String {
            var text = ""
            let deadline = Date.now + 10
            repeat {
                text = try shell("tmux -L \(socket) capture-pane -p").text
            } while Date.now < deadline
                && !words.allSatisfy { text.contains($0) }
            return text
        }
    }

    @Test func theLatestSenderStandsFirst() throws {
        let terminal = try Terminal(columns: 80, rows: 24, port: port)
        _ = try terminal.screen(with: "q quits")
        try shell("\(Repository.connector) once --repeat 23 127.77.5.1 \(port)")
        try shell("bash -c '</dev/tcp/127.77.5.2/\(port)'")
        let lines = try terminal.screen(with: "23     1 root", "127.77.5.2").split(separator: "\n")
        #expect(lines[0].hasPrefix("mailsnoop  "))
        #expect(lines[1].hasPrefix("24 connects, 0 open, 2 senders"))
        #expect(lines[2] == "24 local")
        #expect(lines[3].contains("LAST"))
        #expect(lines[4].contains("127.77.5.2:\(port)"))
        #expect(lines[5].contains("127.77.5.1:\(port)"))
        #expect(lines[4].hasSuffix(" bash -c </dev/…"))
        #expect(lines[5].split(separator: " ")[1...2] == ["23", "1"])
        #expect(lines.last == "q quits")
    }

    @Test func itFollowsTheSizeOfTheTerminal() throws {
        let terminal = try Terminal(columns: 80, rows: 24, port: port)
        _ = try terminal.screen(with: "q quits")
        try shell("tmux -L \(terminal.socket) resize-window -x 60 -y 10")
        let text = try terminal.screen(with: "q quits")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 60 })
    }

    @Test(arguments: [("q", "ended 0"), ("C-c", "ended 0")])
    func aKeyEndsItAndTheTerminalIsAsBefore(key: String, ending: String) throws {
        let terminal = try Terminal(columns: 80, rows: 24, port: port)
        _ = try terminal.screen(with: "q quits")
        try terminal.keys(key)
        let text = try terminal.screen(with: ending, " echo")
        #expect(text.contains("before"))
        #expect(text.contains(" echo"))
        #expect(!text.contains("q quits"))
        #expect(
            try shell("tmux -L \(terminal.socket) display-message -p '#{alternate_on} #{cursor_flag}'").text == "0 1\n")
    }

    @Test(arguments: [("TERM", "ended 0"), ("SEGV", "ended 139"), ("ILL", "ended 132"), ("ABRT", "ended 134")])
    func aSignalOrACrashGivesTheTerminalBack(signal: String, ending: String) throws {
        let terminal = try Terminal(columns: 80, rows: 24, port: port)
        _ = try terminal.screen(with: "q quits")
        try shell("kill -\(signal) \(terminal.pid)")
        let text = try terminal.screen(with: ending, " echo")
        #expect(text.contains("before"))
        #expect(text.contains(ending))
        #expect(text.contains(" echo"))
        #expect(
            try shell("tmux -L \(terminal.socket) display-message -p '#{alternate_on} #{cursor_flag}'").text == "0 1\n")
    }
}
