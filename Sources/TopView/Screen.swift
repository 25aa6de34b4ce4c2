internal import CLinux
internal import Glibc
internal import MailWatch

/// The terminal while the live view has it: alternate screen, no echo, keys at once. Gives it back when it goes, and
/// by `clinux_guard_terminal` also when the program crashes.
public struct Screen: ~Copyable {
    /// Cursor shown, attributes off, main screen.
    private static let restoring: StaticString = "\u{1B}[?25h\u{1B}[0m\u{1B}[?1049l"
    private static let taking: StaticString = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"

    private let terminal: Int32
    private let saved: termios

    /// Nil when `terminal` is none.
    public init?(terminal: Int32) {
        var settings = termios()
        // tcgetattr fills the termios that it is given.
        guard unsafe tcgetattr(terminal, &settings) == 0 else { return nil }
        self.terminal = terminal
        saved = settings
        // The text of a StaticString lives as long as the program and ends with NUL.
        unsafe clinux_guard_terminal(
            terminal, &settings, UnsafeRawPointer(Self.restoring.utf8Start).assumingMemoryBound(to: CChar.self))
        take()
    }

    deinit { giveBack() }

    /// Columns and rows; 80x24 where the terminal does not say.
    public var size: (columns: Int, rows: Int) {
        var columns: Int32 = 80
        var rows: Int32 = 24
        // Both are written only when the terminal has a size.
        _ = unsafe clinux_window_size(terminal, &columns, &rows)
        return (Int(columns), Int(rows))
    }

    public func take() {
        var settings = saved
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        // Reads only.
        unsafe tcsetattr(terminal, TCSADRAIN, &settings)
        send(Self.taking)
    }

    public func giveBack() {
        send(Self.restoring)
        var settings = saved
        // Reads only.
        unsafe tcsetattr(terminal, TCSADRAIN, &settings)
    }

    /// What draws `lines` over the screen as it is. What stood there is erased first: after a line that fills the
    /// screen's width the cursor still stands on its last character.
    public static func frame(_ lines: [[UInt8]]) -> [UInt8] {
        var frame = Array("\u{1B}[H".utf8)
        for (index, line) in lines.enumerated() {
            if index > 0 { frame.append("\r\n" as StaticString) }
            frame.append(index == lines.count - 1 ? "\u{1B}[J" as StaticString : "\u{1B}[K")
            frame += line
        }
        return frame
    }

    private func send(_ sequence: StaticString) {
        // A terminal that takes no more is none to restore.
        _ = unsafe write(terminal, sequence.utf8Start, sequence.utf8CodeUnitCount)
    }
}
