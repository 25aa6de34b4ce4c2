/// Finds a version in what should be source code, and may be anything.
enum VersionText {
    /// The text if it may be a version: 1 to 32 of `[0-9A-Za-z.+-]`.
    static func checked(_ text: some Collection<UInt8>) -> String? {
        guard (1...32).contains(text.count), text.allSatisfy(isAllowed) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// The first quoted version behind `name`, with only blanks, `=`, `=>`, `,` or `:` between: `$wp_version = '6.1.6'`.
    static func quoted(behind name: String, in text: [UInt8]) -> String? {
        first(behind: name, in: text) { rest in
            let rest = rest.drop(while: isBetween)
            guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
            let value = rest.dropFirst().prefix(33).prefix { $0 != quote }
            return value.endIndex < rest.endIndex && rest[value.endIndex] == quote ? checked(value) : nil
        }
    }

    /// The first number behind `name`: `const MAJOR_VERSION = 4`.
    static func number(behind name: String, in text: [UInt8]) -> String? {
        first(behind: name, in: text) { checked($0.drop(while: isBetween).prefix(9).prefix(while: isDigit)) }
    }

    /// The text of the first `<version>` element.
    static func element(in text: [UInt8]) -> String? {
        first(behind: "<version>", in: text) { checked($0.prefix(33).prefix { $0 != UInt8(ascii: "<") }) }
    }

    private static func first(
        behind name: String, in text: [UInt8], take: (ArraySlice<UInt8>) -> String?
    ) -> String? {
        let name = Array(name.utf8)
        var rest = text[...]
        while let index = rest.firstIndex(of: name[0]) {
            rest = rest[index...]
            if rest.starts(with: name), let taken = take(rest.dropFirst(name.count)) { return taken }
            rest = rest.dropFirst()
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isBetween(_ byte: UInt8) -> Bool { " \t\r\n=>,:".utf8.contains(byte) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
