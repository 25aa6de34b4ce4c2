internal import Foundation

/// A terminal of tmux in which a shell runs a command, and says when it has ended and how the terminal is set then.
public struct Terminal: ~Copyable {
    public let socket = "mailsnoop-\(UUID())"

    /// - Parameters:
    ///   - command: of the shell.
    ///   - environment: `NAME=value` for it.
    public init(columns: Int = 80, rows: Int = 24, _ command: String, environment: String = "") throws {
        // The server lives on, and would keep open what Foundation waits for to close.
        try shell(
            """
            for fd in /proc/$$/fd/*; do fd=${fd##*/}; (( fd <= 2 )) || eval "exec $fd>&-"; done
            LC_ALL=C.UTF-8 tmux -L \(socket) -f /dev/null new-session -d -x \(columns) -y \(rows) \
            'unset NO_COLOR; echo before; \(environment.isEmpty ? "" : "export \(environment); ")\(command); echo ended $?; stty -a | grep -o " echo "; cat' \
            </dev/null >/dev/null 2>&1
            """)
    }

    deinit { _ = try? shell("tmux -L \(socket) kill-server") }

    public func keys(_ keys: String) throws { try shell("tmux -L \(socket) send-keys \(keys)") }

    public func resize(columns: Int, rows: Int) throws {
        try shell("tmux -L \(socket) resize-window -x \(columns) -y \(rows)")
    }

    /// The process that the shell runs in the foreground.
    public var pid: String {
        get throws {
            try shell("pgrep -P $(tmux -L \(socket) display-message -p '#{pane_pid}') mailsnoop").text
                .trimmingCharacters(in: .newlines)
        }
    }

    /// Whether the alternate screen is shown, and the cursor.
    public var state: String {
        get throws {
            try shell("tmux -L \(socket) display-message -p '#{alternate_on} #{cursor_flag}'").text
                .trimmingCharacters(in: .newlines)
        }
    }

    /// The screen, as soon as it shows all of the words and none of the others; what it shows after 20 seconds otherwise.
    public func screen(with words: String..., without others: [String] = [], escapes: Bool = false) throws -> String {
        func capture() throws -> String {
            try shell("tmux -L \(socket) capture-pane -p \(escapes ? "-e" : "")").text
        }
        func fits(_ text: String) -> Bool {
            words.allSatisfy { text.contains($0) } && !others.contains { text.contains($0) }
        }
        var text = ""
        let deadline = Date.now + 20
        repeat {
            text = try capture()
            // It may have been in the midst of a frame.
            if fits(text) { text = try capture() }
        } while Date.now < deadline && !fits(text)
        return text
    }
}
