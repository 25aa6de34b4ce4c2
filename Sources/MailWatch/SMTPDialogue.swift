/// What client and server have said on a connection (RFC 5321), as far as it was seen.
public struct SMTPDialogue: Sendable, Equatable {
    public enum Hello: String, Sendable { case ehlo = "EHLO", helo = "HELO", lhlo = "LHLO" }

    /// A reply's code, and its text's first 120 bytes.
    public struct Reply: Sendable, Equatable {
        public var code: UInt16
        public var text: [UInt8]

        public init(code: UInt16, text: [UInt8]) {
            self.code = code
            self.text = text
        }
    }

    /// The proxy that it goes through, and where to.
    public struct Proxy: Sendable, Equatable {
        public enum Kind: String, Sendable { case socks4, socks5, http }

        public var kind: Kind
        /// Name or address, as the client gave it.
        public var host: [UInt8]
        public var port: UInt16

        public init(kind: Kind, host: [UInt8], port: UInt16) {
            self.kind = kind
            self.host = host
            self.port = port
        }
    }

    /// What was not seen whole.
    public struct Gaps: OptionSet, Sendable, Hashable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Bytes were missing between two lines.
        public static let bytesMissing = Gaps(rawValue: 1 << 0)
        /// A line was longer than what is kept.
        public static let lineCut = Gaps(rawValue: 1 << 1)
        /// What followed was encrypted.
        public static let encrypted = Gaps(rawValue: 1 << 2)

        public static let names: [(gap: Gaps, name: StaticString)] = [
            (.bytesMissing, "bytes-missing"), (.lineCut, "line-cut"), (.encrypted, "encrypted"),
        ]
    }

    public var greeting: Reply?
    public var hello: Hello?
    /// What the client calls itself: the word behind EHLO (RFC 5321 section 4.1.1.1).
    public var helloName: [UInt8] = []
    /// The mailbox of the first MAIL FROM, without brackets; empty for the null path `<>`; nil where there was none.
    public var sender: [UInt8]?
    /// SIZE of the first MAIL FROM in bytes (RFC 1870).
    public var size: UInt64?
    /// The mailbox of the first RCPT TO.
    public var recipient: [UInt8]?
    /// RCPT commands in all.
    public var recipients: UInt32 = 0
    /// MAIL commands in all.
    public var messages: UInt32 = 0
    /// Messages that the server has taken: a 2xx reply to the end of the data.
    public var accepted: UInt32 = 0
    public var lastReply: Reply?
    public var saidStartTLS = false
    /// The client has begun TLS, from the first byte or after STARTTLS.
    public var isEncrypted = false
    /// Server name indication of the ClientHello (RFC 6066 section 3); empty where it shows none.
    public var serverName: [UInt8] = []
    /// SASL mechanism; empty where no AUTH was said.
    public var authMechanism: [UInt8] = []
    public var reachedData = false
    public var saidQuit = false
    public var proxy: Proxy?
    public var gaps: Gaps = []

    public init() {}
}

extension SMTPDialogue {
    /// Takes the next line of the connection.
    mutating func take(_ line: LineEvent) {}
}
