/// A field of a mail's header (RFC 5322 section 2.2).
struct HeaderField {
    private static let lineLimit = 16 << 10

    /// In lower case.
    let name: String
    /// Unfolded: one blank for each fold.
    private(set) var value: [UInt8]
    private let title: [UInt8]

    /// Name and value in one line.
    var line: [UInt8] { title + [UInt8(ascii: ":"), UInt8(ascii: " ")] + value.prefix(300) }

    /// Nil where the line does not begin with a field's name and a colon.
    init?(_ line: ArraySlice<UInt8>) {
        let title = line.prefix { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
        guard (1...76).contains(title.count), title.first?.isLetter == true, title.endIndex < line.endIndex,
            line[title.endIndex] == UInt8(ascii: ":")
        else { return nil }
        self.title = Array(title)
        name = title.lowercased.text
        value = Array(line[(title.endIndex + 1)...].trimmed.prefix(Self.lineLimit))
    }

    mutating func fold(_ line: ArraySlice<UInt8>) {
        guard value.count < Self.lineLimit else { return }
        value.append(UInt8(ascii: " "))
        value += line.trimmed.prefix(Self.lineLimit)
    }

    /// The value up to the first `;`, in lower case: a media type.
    var token: String { value.prefix { $0 != UInt8(ascii: ";") }.trimmed.lowercased.text }

    /// A parameter of the value (RFC 2045 section 5.1).
    func parameter(_ wanted: String) -> [UInt8]? {
        var rest = value[...].drop { $0 != UInt8(ascii: ";") }
        while !rest.isEmpty {
            rest = rest.dropFirst().drop(while: \.isBlank)
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            rest = rest[name.endIndex...]
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst().drop(while: \.isBlank)
            let text: ArraySlice<UInt8>
            if rest.first == UInt8(ascii: "\"") {
                text = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
                rest = rest[text.endIndex...].drop { $0 != UInt8(ascii: ";") }
            } else {
                text = rest.prefix { $0 != UInt8(ascii: ";") && !$0.isBlank }
                rest = rest[text.endIndex...].drop { $0 != UInt8(ascii: ";") }
            }
            if name.trimmed.lowercased.text == wanted { return Array(text) }
        }
        return nil
    }
}

extension [HeaderField] {
    func first(_ name: String) -> HeaderField? { first { $0.name == name } }

    /// Takes the header at the begin of `lines`, at most 1,000 fields; returns how many lines it took, with the empty one.
    ///
    /// - Parameter limit: fewer fields than that.
    mutating func take(_ lines: ArraySlice<ArraySlice<UInt8>>, limit: Int = 1000) -> Int {
        for (offset, line) in lines.enumerated() {
            guard let first = line.first else { return offset + 1 }
            if first.isBlank, !isEmpty {
                if line.trimmed.isEmpty { return offset + 1 }
                self[count - 1].fold(line)
            } else if let field = HeaderField(line) {
                guard count < Swift.min(limit, 1000) else { return offset }
                append(field)
            } else if offset > 0 || !line.starts(with: "From ".utf8) {
                // But mbox's line in front.
                return offset
            }
        }
        return lines.count
    }
}
