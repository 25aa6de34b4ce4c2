/// What stands in Postfix's main.cf (postconf(5)). Its own references, as `$myhostname`, are not followed: a value that has
/// one is left out.
struct PostfixSettings: Sendable {
    static let path = "/etc/postfix/main.cf"

    private var values: [String: String] = [:]

    /// Those of this host; none where there is no Postfix.
    init() { self.init(text: readFile(Self.path, limit: 1 << 18) ?? []) }

    init(text: [UInt8]) {
        var last: String?
        for line in String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let first = line.first(where: { !$0.isWhitespace }), first != "#" else { continue }
            // A line that begins with white space goes on with the one before.
            if line.first!.isWhitespace {
                if let last { values[last]? += " " + Self.trimmed(line) }
                continue
            }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let name = Self.trimmed(parts[0])
            values[name] = Self.trimmed(parts[1])
            last = name
        }
    }

    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty || $0.contains("$") ? nil : $0 } }

    private static func trimmed(_ text: Substring) -> String {
        let head = text.drop(while: \.isWhitespace)
        return String(head[..<(head.lastIndex { !$0.isWhitespace }.map(head.index(after:)) ?? head.startIndex)])
    }
}
