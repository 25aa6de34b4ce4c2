internal import CLinux
internal import CNcurses
internal import Glibc
internal import MailWatch

/// The terminal while the live view has it. Gives it back when it goes, and by `clinux_guard_terminal` also when the
/// program crashes. A terminal that cannot move its cursor (TERM=dumb) gets the frames one below the other.
public final class Screen {
    public enum Trouble: Error {
        /// stdin or stdout is no terminal.
        case noTerminal
        /// terminfo does not know $TERM.
        case unknownTerminal
    }

    /// Between two frames of a terminal that shows them one below the other; ns.
    private static let plainInterval: UInt64 = 5_000_000_000

    public let isPlain: Bool
    private let saved: termios
    private var shown: Frame?
    private var nextPlain: UInt64 = 0
    private var isTaken = false

    /// Takes the terminal that is stdin and stdout.
    ///
    /// - Parameter hasColors: uses the terminal's colors, where it has some.
    public init(hasColors: Bool) throws(Trouble) {
        var settings = termios()
        // tcgetattr fills the termios that it is given.
        guard isatty(STDIN_FILENO) == 1, unsafe tcgetattr(STDOUT_FILENO, &settings) == 0 else {
            throw .noTerminal
        }
        saved = settings
        switch ncurses_ability() {
        case 0: throw .unknownTerminal
        case 1:
            isPlain = true
            takeKeys()
            // The text of a StaticString lives as long as the program and ends with NUL.
            let nothing: StaticString = ""
            unsafe clinux_guard_terminal(
                STDOUT_FILENO, &settings, UnsafeRawPointer(nothing.utf8Start).assumingMemoryBound(to: CChar.self))
        default:
            isPlain = false
            guard ncurses_begin(hasColors) else { throw .unknownTerminal }
            // The text lives as long as the program.
            unsafe clinux_guard_terminal(STDOUT_FILENO, &settings, ncurses_restoring())
        }
        isTaken = true
    }

    deinit { giveBack() }

    /// Columns and rows; 80x24 where the terminal does not say.
    public var size: (columns: Int, rows: Int) {
        var columns: Int32 = 80
        var rows: Int32 = 24
        // Both are written only when the terminal has a size.
        _ = unsafe clinux_window_size(STDOUT_FILENO, &columns, &rows)
        return (Int(max(columns, 1)), Int(max(rows, 1)))
    }

    /// Whether a frame would be taken now: a terminal that was stopped (^S) takes none.
    public var isReady: Bool {
        var source = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        // One source.
        return unsafe poll(&source, 1, 0) == 1 && source.revents & Int16(POLLOUT) != 0
    }

    /// Takes it again after `giveBack`.
    public func take() {
        guard !isTaken else { return }
        isTaken = true
        shown = nil
        if isPlain {
            takeKeys()
        } else {
            ncurses_show()
        }
    }

    /// Keys at once, and unseen: what ncurses does where it draws.
    private func takeKeys() {
        var keys = saved
        keys.c_lflag &= ~tcflag_t(ICANON | ECHO)
        // Reads only.
        unsafe tcsetattr(STDOUT_FILENO, TCSADRAIN, &keys)
    }

    public func giveBack() {
        guard isTaken else { return }
        isTaken = false
        if !isPlain {
            ncurses_mouse(false)
            ncurses_end()
        }
        var settings = saved
        // Reads only.
        unsafe tcsetattr(STDOUT_FILENO, TCSADRAIN, &settings)
    }

    /// The next frame is drawn whole.
    public func redraw() {
        shown = nil
        nextPlain = 0
        if !isPlain { ncurses_redraw() }
    }

    /// Follows a new size of the terminal.
    public func resize() {
        shown = nil
        let size = size
        if !isPlain { ncurses_resize(Int32(size.columns), Int32(size.rows)) }
    }

    public func takeMouse(_ isTaken: Bool) { if !isPlain { ncurses_mouse(isTaken) } }

    /// - Parameter isAnswer: to a key: it is not kept waiting.
    public func show(_ frame: Frame, isAnswer: Bool) {
        guard frame != shown else { return }
        if isPlain { return showPlain(frame, isAnswer: isAnswer) }
        shown = frame
        ncurses_clear()
        for (row, spans) in frame.lines.enumerated() {
            var column = 0
            for span in spans {
                column += put(span, row: row, column: column)
            }
        }
        ncurses_cursor(Int32(frame.cursor?.row ?? -1), Int32(frame.cursor?.column ?? 0))
        ncurses_show()
    }

    /// All that was typed since the last call.
    public func keys() -> [Key] {
        var keys: [Key] = []
        if isPlain {
            var bytes = [UInt8](repeating: 0, count: 64)
            // Reads at most what the array holds.
            let count = unsafe read(STDIN_FILENO, &bytes, bytes.count)
            for byte in bytes.prefix(max(count, 0)) { keys += Self.key(UInt32(byte)).map { [$0] } ?? [] }
            return keys
        }
        while case let input = ncurses_next(), input.event != NCURSES_NOTHING {
            let key: Key? =
                switch input.event {
                case NCURSES_CHARACTER: Self.key(input.code)
                case NCURSES_MOUSE: Self.click(input)
                default: Self.special[input.code]
                }
            if let key { keys.append(key) }
        }
        return keys
    }

    private static func key(_ code: UInt32) -> Key? {
        switch code {
        case 0x0A, 0x0D: .enter
        case 0x1B: .escape
        case 0x08, 0x7F: .backspace
        case 0x09: .tab
        default: Unicode.Scalar(code).map { .character($0) }
        }
    }

    private static func click(_ input: ncurses_input) -> Key {
        switch input.code {
        case 4: .up
        case 5: .down
        default: .click(Int(input.row), Int(input.column))
        }
    }

    private static let special: [UInt32: Key] = [
        NCURSES_UP.rawValue: .up, NCURSES_DOWN.rawValue: .down, NCURSES_LEFT.rawValue: .left,
        NCURSES_RIGHT.rawValue: .right, NCURSES_PAGE_UP.rawValue: .pageUp, NCURSES_PAGE_DOWN.rawValue: .pageDown,
        NCURSES_HOME.rawValue: .home, NCURSES_END.rawValue: .end, NCURSES_ENTER.rawValue: .enter,
        NCURSES_BACKSPACE.rawValue: .backspace, NCURSES_DELETE.rawValue: .backspace, NCURSES_F1.rawValue: .help,
        NCURSES_BACK_TAB.rawValue: .backTab,
    ]

    private func showPlain(_ frame: Frame, isAnswer: Bool) {
        let now = WallClock.uptime
        guard isAnswer || now >= nextPlain else { return }
        nextPlain = now + Self.plainInterval
        shown = frame
        var text: [UInt8] = []
        for line in frame.text where !line.isEmpty {
            text += line
            text.append(UInt8(ascii: "\n"))
        }
        text.append(UInt8(ascii: "\n"))
        var done = 0
        while done < text.count {
            // Writes from within the array.
            let count = unsafe text.withUnsafeBytes {
                unsafe write(STDOUT_FILENO, $0.baseAddress! + done, text.count - done)
            }
            guard count > 0 else { return }
            done += count
        }
    }

    /// Returns the columns that it takes. What the C library and the view would not measure alike becomes `?`: else what
    /// stands behind it would move.
    private func put(_ span: Span, row: Int, column: Int) -> Int {
        var text: [wchar_t] = []
        var width = 0
        var marks = 0
        if span.text.allSatisfy({ $0 < 0x80 }) {
            text = span.text.map { wchar_t($0) }
            width = text.count
        } else {
            for scalar in String(decoding: span.text, as: UTF8.self).unicodeScalars {
                let expected = Escaping.width(scalar)
                let isShown = Int(wcwidth(wchar_t(bitPattern: scalar.value))) == expected
                // As many marks as curses keeps for a character, and none without one.
                marks = expected == 0 ? marks + 1 : 0
                if expected == 0, !isShown || text.isEmpty || marks > 3 { continue }
                text += isShown ? [wchar_t(bitPattern: scalar.value)] : [wchar_t](repeating: 0x3F, count: expected)
                width += expected
            }
        }
        var style: Int32 = 0
        if span.style.isBold { style |= Int32(NCURSES_BOLD.rawValue) }
        if span.style.isReverse { style |= Int32(NCURSES_REVERSE.rawValue) }
        if span.style.isDim { style |= Int32(NCURSES_DIM.rawValue) }
        // The array holds as many as are said.
        unsafe ncurses_put(
            Int32(row), Int32(column), text, Int32(text.count), style, Int32(span.style.color.rawValue))
        return width
    }
}
