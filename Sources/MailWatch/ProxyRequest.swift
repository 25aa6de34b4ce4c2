extension SMTPDialogue.Proxy {
    /// What a client asks a proxy for; nil where it is no whole request.
    init?(_ bytes: [UInt8]) {
        switch bytes.first {
        case 4: self.init(socks4: bytes)
        case 5: self.init(socks5: bytes)
        default: self.init(http: bytes)
        }
    }

    /// CONNECT, port, address, user, NUL; with an address of 0.0.0.x a name and NUL behind it (SOCKS 4A).
    private init?(socks4 bytes: [UInt8]) {
        guard bytes.count >= 8, bytes[1] == 1 else { return nil }
        var host: [UInt8] = []
        if bytes[4..<7].allSatisfy({ $0 == 0 }), bytes[7] != 0 {
            guard let user = bytes[8...].firstIndex(of: 0) else { return nil }
            host = Array(bytes[(user + 1)...].prefix { $0 != 0 }.prefix(SMTPCommand.nameLimit))
        } else {
            IPAddress(ipv4: UInt32(Self.number(bytes[4..<8]))).append(to: &host)
        }
        self.init(kind: .socks4, host: host, port: UInt16(Self.number(bytes[2..<4])))
    }

    /// RFC 1928 section 4.
    private init?(socks5 bytes: [UInt8]) {
        guard bytes.count >= 5, bytes[1] == 1 else { return nil }
        let start = bytes[3] == 3 ? 5 : 4
        let size: Int
        switch bytes[3] {
        case 1: size = 4
        case 3: size = Int(bytes[4])
        case 4: size = 16
        default: return nil
        }
        guard bytes.count >= start + size + 2 else { return nil }
        let address = bytes[start..<start + size]
        var host: [UInt8] = []
        switch size {
        case _ where start == 5: host = Array(address)
        case 4: IPAddress(ipv4: UInt32(Self.number(address))).append(to: &host)
        default: IPAddress(high: Self.number(address.prefix(8)), low: Self.number(address.suffix(8))).append(to: &host)
        }
        self.init(kind: .socks5, host: host, port: UInt16(Self.number(bytes[(start + size)...].prefix(2))))
    }

    /// `CONNECT host:port HTTP/1.1` (RFC 9110 section 9.3.6), or `GET http://host:port/ HTTP/1.1` (RFC 9112 section 3.2.2).
    private init?(http bytes: [UInt8]) {
        let target: ArraySlice<UInt8> = bytes[...].drop { Self.isBlank($0) }.drop { !Self.isBlank($0) }.drop {
            Self.isBlank($0)
        }
        guard let first = target.first, first != UInt8(ascii: "/"), first != UInt8(ascii: "*") else { return nil }
        var authority = target
        if let scheme = target.firstIndex(of: UInt8(ascii: ":")), target[scheme...].starts(with: "://".utf8) {
            authority = target[(scheme + 3)...]
        }
        authority = authority.prefix { !"/?#".utf8.contains($0) }
        // Blanks may stand around the colon, and the version behind the port.
        guard let colon = Self.portColon(of: authority), let port = Self.port(authority[(colon + 1)...]) else {
            return nil
        }
        let before = authority[..<colon]
        let host = (before.lastIndex(of: UInt8(ascii: "@")).map { before[($0 + 1)...] } ?? before).prefix {
            !Self.isBlank($0)
        }
        self.init(kind: .http, host: Array(host.prefix(SMTPCommand.nameLimit)), port: port)
    }

    /// The last colon before the blank that ends the authority, or the first after it.
    private static func portColon(of authority: ArraySlice<UInt8>) -> Int? {
        let word = authority.prefix { !isBlank($0) }
        return word.lastIndex(of: UInt8(ascii: ":"))
            ?? authority[word.endIndex...].first { !isBlank($0) }.flatMap {
                $0 == UInt8(ascii: ":") ? authority[word.endIndex...].firstIndex(of: $0) : nil
            }
    }

    /// In the spelling in which a proxy may take it for a mail port, as the kernel side reads it: with blanks and a sign
    /// before, zeros, octal, hexadecimal, of more than 16 bits. Otherwise the decimal number. Nil where there is none.
    private static func port(_ text: ArraySlice<UInt8>) -> UInt16? {
        var digits = text.drop { isBlank($0) || $0 == UInt8(ascii: "+") }
        var isHexadecimal = false
        if digits.starts(with: "0x".utf8) || digits.starts(with: "0X".utf8) {
            digits = digits.dropFirst(2)
            isHexadecimal = true
        }
        let values = digits.map { Character(UnicodeScalar($0)).hexDigitValue }
            .prefix { $0.map { isHexadecimal || $0 < 10 } ?? false }.compactMap { $0 }
        guard !values.isEmpty else { return nil }
        func number(_ base: UInt32) -> UInt16 {
            UInt16(truncatingIfNeeded: values.reduce(0 as UInt32) { $0 &* base &+ UInt32($1) })
        }
        if isHexadecimal { return number(16) }
        let port = [10, 8, 16].map(number).first { [25, 465, 587].contains($0) } ?? number(10)
        return port == 0 ? nil : port
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
