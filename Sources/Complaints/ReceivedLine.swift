internal import MailWatch

/// A Received field (RFC 5321 section 4.4) as Postfix, Exim, Sendmail, Exchange, qmail and the large providers write it.
struct ReceivedLine {
    /// What the client called itself.
    private(set) var hello: [UInt8]?
    private(set) var reverseName: [UInt8]?
    private(set) var address: IPAddress?
    private(set) var port: UInt16?
    private(set) var host: [UInt8]?
    private(set) var sender: [UInt8]?
    private(set) var recipient: [UInt8]?
    private(set) var date: [UInt8]?

    init(_ value: [UInt8]) {
        var clauses: [(keyword: String, words: [ArraySlice<UInt8>], comments: [ArraySlice<UInt8>])] = []
        var scanner = Scanner(value[...])
        while let item = scanner.next() {
            switch item {
            case .word(let word):
                let text = word.count <= 4 ? word.lowercased.text : ""
                if ["from", "by", "via", "with", "id", "for"].contains(text),
                    !clauses.contains(where: { $0.keyword == text })
                {
                    clauses.append((text, [], []))
                } else if !clauses.isEmpty, clauses[clauses.count - 1].words.count < 16 {
                    clauses[clauses.count - 1].words.append(word)
                }
            case .comment(let comment):
                takeSender(comment)
                if !clauses.isEmpty, clauses[clauses.count - 1].comments.count < 16 {
                    clauses[clauses.count - 1].comments.append(comment)
                }
            case .date(let text): date = Array(text.trimmed)
            }
        }
        let isExim = clauses.contains { $0.comments.contains { $0.lowercased.contains("exim") } }
        for clause in clauses {
            switch clause.keyword {
            case "from": takeFrom(clause.words, clause.comments, isExim: isExim)
            case "by": host = clause.words.first.flatMap(name)
            case "for": recipient = clause.words.first.map(mailbox)
            default: break
            }
        }
    }

    private mutating func takeSender(_ comment: ArraySlice<UInt8>) {
        // Exim, Sendmail: (envelope-from <a@b>)
        let text = comment.lowercased
        guard sender == nil, let range = text.range(of: "envelope-from") else { return }
        let rest = comment.dropFirst(range.upperBound).drop { $0.isBlank || $0 == UInt8(ascii: "=") }
        sender = mailbox(rest.prefix { !$0.isBlank && $0 != UInt8(ascii: ";") })
    }

    private mutating func takeFrom(_ words: [ArraySlice<UInt8>], _ comments: [ArraySlice<UInt8>], isExim: Bool) {
        let first = words.first ?? []
        var called: [UInt8]?
        var named: [UInt8]?
        for comment in comments {
            var follows = false
            for word in comment.split(whereSeparator: \.isBlank).prefix(16) {
                let text = word.lowercased
                if follows {
                    called = name(word)
                    follows = false
                } else if text.elementsEqual("helo".utf8) || text.elementsEqual("ehlo".utf8) {
                    // qmail: (HELO name)
                    follows = true
                } else if text.starts(with: "helo=".utf8) || text.starts(with: "ehlo=".utf8) {
                    called = name(word.dropFirst(5))
                } else if text.starts(with: "port=".utf8) {
                    port = UInt16(text.dropFirst(5).text)
                } else if let found = bracketed(word) ?? AddressText.read(word) {
                    if address == nil { (address, port) = (found.address, found.port ?? port) }
                } else if named == nil, address == nil, !text.contains("=") {
                    named = name(word)
                }
            }
        }
        let literal = bracketed(first) ?? AddressText.read(first)
        let second = words.dropFirst().first.flatMap(bracketed)
        if address == nil, let found = second ?? literal { (address, port) = (found.address, found.port ?? port) }
        if let called {
            hello = called
            // Then the name in front is what DNS said.
            reverseName = literal == nil ? hostName(name(first)) : nil
        } else if isExim, literal == nil, !first.isEmpty {
            // Exim gives one name where EHLO and DNS agree.
            hello = name(first)
            reverseName = hostName(hello)
        } else if !(isExim && literal != nil) {
            hello = name(first)
            reverseName = hostName(named)
        }
    }

    /// `[192.0.2.1]`, `[IPv6:2001:db8::1]:41822`, `user@[192.0.2.1]`.
    private func bracketed(_ word: ArraySlice<UInt8>) -> (address: IPAddress, port: UInt16?)? {
        guard let open = word.firstIndex(of: UInt8(ascii: "[")), let close = word.lastIndex(of: UInt8(ascii: "]")),
            open < close, let address = AddressText.read(word[(open + 1)..<close])?.address
        else { return nil }
        let rest = word[(close + 1)...]
        return (address, rest.first == UInt8(ascii: ":") ? UInt16(rest.dropFirst().text) : nil)
    }

    private func name(_ word: ArraySlice<UInt8>) -> [UInt8]? {
        word.isEmpty ? nil : Array(word.prefix(255))
    }

    /// A name of DNS, without ident's user and the dot at the end; nil for `unknown`.
    private func hostName(_ word: [UInt8]?) -> [UInt8]? {
        guard var word = word?[...] else { return nil }
        if let at = word.lastIndex(of: UInt8(ascii: "@")) { word = word[(at + 1)...] }
        if word.last == UInt8(ascii: ".") { word.removeLast() }
        let text = word.lowercased
        guard text.contains(UInt8(ascii: ".")), AddressText.read(word) == nil, !text.elementsEqual("unknown".utf8)
        else { return nil }
        return Array(word)
    }
}

/// Words, comments and, behind the last `;` outside of them, the date.
private struct Scanner {
    enum Item {
        case word(ArraySlice<UInt8>)
        case comment(ArraySlice<UInt8>)
        case date(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>
    private let dateStart: Int?

    init(_ value: ArraySlice<UInt8>) {
        rest = value
        var depth = 0
        var start: Int?
        for index in value.indices {
            switch value[index] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth = max(depth - 1, 0)
            case UInt8(ascii: ";") where depth == 0: start = index
            default: break
            }
        }
        dateStart = start
    }

    mutating func next() -> Item? {
        rest = rest.drop(while: \.isBlank)
        guard let first = rest.first else { return nil }
        if rest.startIndex == dateStart {
            defer { rest = [] }
            return .date(rest.dropFirst())
        }
        if first == UInt8(ascii: "(") {
            var depth = 0
            let end = rest.firstIndex { byte in
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                return depth == 0
            }
            let comment = rest[(rest.startIndex + 1)..<(end ?? rest.endIndex)]
            rest = end.map { rest[($0 + 1)...] } ?? []
            return .comment(comment)
        }
        let limit = dateStart ?? rest.endIndex
        let word = rest[..<max(limit, rest.startIndex)].prefix { !$0.isBlank && $0 != UInt8(ascii: "(") }
        guard !word.isEmpty else { return nil }
        rest = rest[word.endIndex...]
        return .word(word)
    }
}

/// Without brackets; at most 320 bytes (RFC 5321 section 4.5.3.1).
func mailbox(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var text = text.trimmed
    if let open = text.firstIndex(of: UInt8(ascii: "<")) {
        text = text[(open + 1)...].prefix { $0 != UInt8(ascii: ">") }
    }
    return Array(text.prefix(320))
}
