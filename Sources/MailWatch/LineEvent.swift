/// A line of the mail dialogue, as the kernel side tells it: one command of the client, one reply of the server, or what
/// stands in their place. What no variant names is never told, nor is anything of the message or of credentials.
public struct LineEvent: Sendable, Equatable {
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// The first line of the server's greeting (RFC 5321 section 4.2); `text` begins behind the code.
        case greeting = 1
        /// The last line of a later reply; `text` begins behind the code.
        case reply
        // Commands. `text` is the line without its end.
        case ehlo
        case helo
        /// RFC 2033.
        case lhlo
        case mail
        /// The first RCPT of each MAIL; `recipients` counts the others.
        case rcpt
        case data
        /// RFC 3030.
        case bdat
        case startTLS
        /// AUTH and the mechanism, nothing behind it (RFC 4954).
        case auth
        case quit
        /// The beginning of a TLS record with a ClientHello, as bytes.
        case clientHello
        /// A client of SOCKS 4, SOCKS 5 (its request) or HTTP CONNECT asks for a mail port; as bytes.
        case proxyRequest
    }

    /// ns of CLOCK_BOOTTIME.
    public var time: UInt64
    public var connection: UInt64
    public var kind: Kind
    public var text: [UInt8]
    /// Of a greeting or reply: 220, 354.
    public var code: UInt16
    /// Commands of the client are counted from 1. A reply has the number of the command that it answers.
    public var ordinal: UInt32
    /// RCPT commands on this connection so far.
    public var recipients: UInt32
    /// `text` was longer than what is kept.
    public var isCut: Bool
    /// Before this line bytes were missing: they came out of order, or were too many at once.
    public var followsGap: Bool
    /// It was said within TLS (`--tls`).
    public var isInTLS: Bool

    public init(
        time: UInt64, connection: UInt64, kind: Kind, text: [UInt8], code: UInt16 = 0, ordinal: UInt32 = 0,
        recipients: UInt32 = 0, isCut: Bool = false, followsGap: Bool = false, isInTLS: Bool = false
    ) {
        self.time = time
        self.connection = connection
        self.kind = kind
        self.text = text
        self.code = code
        self.ordinal = ordinal
        self.recipients = recipients
        self.isCut = isCut
        self.followsGap = followsGap
        self.isInTLS = isInTLS
    }
}
