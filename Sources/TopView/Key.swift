/// What the user does.
public enum Key: Sendable, Equatable {
    case character(Unicode.Scalar)
    case up, down, left, right, pageUp, pageDown, home, end
    case enter, escape, backspace, tab, backTab, help
    /// Row and column, from 0.
    case click(Int, Int)
}
