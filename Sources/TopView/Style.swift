internal import MailWatch

/// How text stands on the screen. None says anything that the text does not.
public struct Style: Sendable, Equatable {
    /// The colors of curses.h; 0 is the terminal's own.
    public enum Color: Int, Sendable {
        case own = 0
        case red = 1
        case green = 2
        case yellow = 3
        case cyan = 6
    }

    public var color = Color.own
    public var isBold = false
    public var isReverse = false
    public var isDim = false

    static let plain = Style()
    static let strong = Style(isBold: true)
    static let bar = Style(isReverse: true)
    static let faint = Style(isDim: true)
    static let alarm = Style(color: .red, isBold: true)
    static let caution = Style(color: .yellow)
    static let good = Style(color: .green)
    static let key = Style(color: .cyan, isBold: true)

    static func of(_ verdict: Verdict) -> Style {
        switch verdict {
        case .directMX: alarm
        case .unknown, .probe: caution
        case .mta, .local, .smarthost: good
        }
    }
}
