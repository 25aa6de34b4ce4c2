/// A client's line, read leniently: what servers take is wider than the grammar, and spam is careless.
struct SMTPCommand {
    /// A domain (RFC 5321 section 4.5.3.1.2).
    static let nameLimit = 255
    /// Local part, `@` and domain (RFC 5321 section 4.5.3.1).
    static let pathLimit = 320

    /// What has not been read yet.
    private var rest: ArraySlice<UInt8>

    /// - Parameter line: from the verb on.
    init(_ line: [UInt8]) {
        rest = line[...]
        _ = word()
    }

    /// The next word; empty at the end.
    mutating func word() -> ArraySlice<UInt8> {
        skipBlanks()
        let word = rest.prefix { !Self.isBlank($0) }
        rest = rest[word.endIndex...]
        return word
    }

    /// The mailbox of a Reverse-path or Forward-path (RFC 5321 section 4.1.2) behind FROM or TO: without brackets and
    /// source route, at most `pathLimit` bytes. Nil where there is none.
    mutating func path() -> [UInt8]? {
        // Some say FROM without a colon, or put a blank before it.
        let keyword = rest.drop(while: Self.isBlank).prefix { $0 != UInt8(ascii: ":") && !Self.isBlank($0) }
        if keyword.equalsIgnoringCase("FROM") || keyword.equalsIgnoringCase("TO") { rest = rest[keyword.endIndex...] }
        skipBlanks()
        if rest.first == UInt8(ascii: ":") { rest = rest.dropFirst() }
        skipBlanks()
        let isBracketed = rest.first == UInt8(ascii: "<")
        if isBracketed { rest = rest.dropFirst() }
        if rest.first == UInt8(ascii: "@"), let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            !rest[..<colon].contains(where: { Self.isBlank($0) || $0 == UInt8(ascii: ">") })
        {
            rest = rest[(colon + 1)...]
        }
        let mailbox = rest[..<mailboxEnd(isBracketed: isBracketed)]
        rest = rest[mailbox.endIndex...]
        if isBracketed { rest = rest.dropFirst() }
        return mailbox.isEmpty && !isBracketed ? nil : Array(mailbox.prefix(Self.pathLimit))
    }

    /// The value of `SIZE=` among the parameters behind a path (RFC 1870 section 6): at most twenty digits.
    mutating func size() -> UInt64? {
        while true {
            let parameter = word()
            if parameter.isEmpty { return nil }
            guard parameter.prefix(5).equalsIgnoringCase("SIZE=") else { continue }
            let digits = parameter.dropFirst(5)
            guard digits.count <= 20, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return UInt64(String(decoding: digits, as: UTF8.self))
        }
    }

    /// Where the bracket closes, or where a blank follows when there was none; not within a quoted local part.
    private func mailboxEnd(isBracketed: Bool) -> Int {
        var index = rest.startIndex
        var isQuoted = false
        while index < rest.endIndex {
            let byte = rest[index]
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                index += 1
            } else if !isQuoted, isBracketed ? byte == UInt8(ascii: ">") : Self.isBlank(byte) {
                return index
            }
            index += 1
        }
        return rest.endIndex
    }

    private mutating func skipBlanks() { rest = rest.drop(while: Self.isBlank) }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(byte)
    }
}

extension Collection<UInt8> {
    /// Whether they are `text`, in which letters are capitals, in any case.
    func equalsIgnoringCase(_ text: String) -> Bool { elementsEqual(text.utf8) { $0.asciiUppercase == $1 } }
}

extension UInt8 {
    var asciiUppercase: UInt8 { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) ? self & 0xDF : self }
    var asciiLowercase: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
