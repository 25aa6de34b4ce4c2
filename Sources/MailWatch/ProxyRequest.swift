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

    /// `CONNECT host:port HTTP/1.1` (RFC 9110 section 9.3.6).
    private init?(http bytes: [UInt8]) {
        guard bytes.prefix(8).equalsIgnoringCase("CONNECT ") else { return nil }
        var command = SMTPCommand(bytes)
        let target = command.word()
        guard let colon = target.lastIndex(of: UInt8(ascii: ":")),
            let port = UInt16(String(decoding: target[(colon + 1)...].prefix(6), as: UTF8.self))
        else { return nil }
        self.init(kind: .http, host: Array(target[..<colon].prefix(SMTPCommand.nameLimit)), port: port)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
