/// The server name in a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3).
enum TLSClientHello {
    /// The longest host name (RFC 1035 section 2.3.4).
    private static let nameLimit = 255

    /// Empty where there is none, or where it does not stand whole in `bytes`, which begin with the record and may end
    /// anywhere.
    static func serverName(in bytes: [UInt8]) -> [UInt8] {
        var hello = Reader(handshake(in: bytes)[...])
        // client_hello, its length, legacy_version, random.
        guard hello.number(1) == 1, hello.skip(3 + 2 + 32), let session = hello.number(1), hello.skip(session),
            let suites = hello.number(2), hello.skip(suites), let compressions = hello.number(1),
            hello.skip(compressions), hello.skip(2)
        else { return [] }
        while let kind = hello.number(2), let size = hello.number(2) {
            guard kind == 0 else {
                guard hello.skip(size) else { return [] }
                continue
            }
            // The list's length, host_name, the name's length.
            guard hello.skip(2), hello.number(1) == 0, let length = hello.number(2), length <= nameLimit else {
                return []
            }
            return hello.take(length) ?? []
        }
        return []
    }

    /// What the records carry: a handshake message may be cut into several (RFC 8446 section 5.1).
    private static func handshake(in bytes: [UInt8]) -> [UInt8] {
        var records = Reader(bytes[...])
        var message: [UInt8] = []
        while records.number(1) == 0x16, records.skip(2), let size = records.number(2) {
            guard let fragment = records.take(size) else { return message + records.rest }
            message += fragment
        }
        return message
    }

    /// Reads numbers and bytes from the front; nil, or false, where there are not as many.
    private struct Reader {
        private(set) var rest: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        mutating func number(_ width: Int) -> Int? {
            guard rest.count >= width else { return nil }
            defer { rest = rest.dropFirst(width) }
            return rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
        }

        mutating func skip(_ count: Int) -> Bool {
            guard rest.count >= count else { return false }
            rest = rest.dropFirst(count)
            return true
        }

        mutating func take(_ count: Int) -> [UInt8]? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }
}
