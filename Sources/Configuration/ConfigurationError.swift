internal import MailWatch

/// Why a configuration is refused.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    public let file: String
    /// Counted from 1; nil where it is not known.
    public let line: Int?
    public let problem: String

    init(file: String, line: Int? = nil, problem: String) {
        self.file = file
        self.line = line
        self.problem = problem
    }

    /// `/etc/mailsnoop.toml, line 3: ...`, escaped.
    public var description: String {
        Escaping.text("\(file)\(line.map { ", line \($0)" } ?? ""): \(problem)")
    }
}
