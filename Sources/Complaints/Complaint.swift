public import MailWatch

/// What was received about this host's mail, understood as far as it can be.
public struct Complaint: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Received lines, or other lines of a header, alone.
        case header
        /// A mail with its header.
        case mail
        /// Abuse Reporting Format (RFC 5965).
        case arf
        /// XARF version 4, JSON.
        case xarf
        /// A blocklist's text.
        case blocklist
        /// A mail server's notice that it could not deliver (RFC 3464, or in words).
        case bounce
        /// Another text in which something was found.
        case text
        /// Nothing was found.
        case unknown
        /// Put together from options.
        case options
    }

    /// A bounce tells when a mail came back, and that this host had been heard of as a sender of spam by then: a day, in ns.
    static let bounceTolerance: UInt64 = 86_400_000_000_000

    /// Bytes beyond this many are not read: 10 MiB.
    public static let sizeLimit = 10 << 20

    public var kind: Kind
    /// The best first, at most 16.
    public var times: [Found<Moment>] = []
    /// The address that it came from: this host's, as another has seen it.
    public var source: Found<IPAddress>?
    public var sourcePort: Found<UInt16>?
    /// What the client called itself in EHLO or HELO.
    public var hello: Found<[UInt8]>?
    /// The name that the receiver found for the address in DNS.
    public var reverseName: Found<[UInt8]>?
    /// The envelope's sender, without brackets; empty for the null path.
    public var sender: Found<[UInt8]>?
    /// The envelope's recipient, or one of them.
    public var recipient: Found<[UInt8]>?
    /// The host that took or refused the mail.
    public var receivingHost: Found<[UInt8]>?
    public var destination: Found<IPAddress>?
    public var destinationPort: Found<UInt16>?
    public var messageID: Found<[UInt8]>?
    public var subject: Found<[UInt8]>?
    /// The Date of the mail itself: whoever wrote the mail wrote it, so nothing is sought by it.
    public var written: Found<Moment>?
    /// How many mails it stands for, where that is said.
    public var incidents: Found<UInt64>?
    /// It was longer, or nested deeper, than what is read.
    public var isCut = false
    /// It is JSON nested deeper than 32 levels, or of more than 10,000 values: nothing of it was read.
    public var isRefused = false

    /// One that is put together from options.
    public init() { kind = .options }

    /// - Parameters:
    ///   - bytes: what was received, whole.
    ///   - ownAddresses: of this host; with them the right one of several Received lines is found.
    public init(_ bytes: [UInt8], ownAddresses: Set<IPAddress> = []) {
        var reader = ComplaintReader(ownAddresses: ownAddresses)
        reader.read(bytes)
        self = reader.complaint
        if kind == .bounce { setTolerance(Self.bounceTolerance) }
    }

    init(kind: Kind) { self.kind = kind }

    public var recipientDomain: [UInt8]? { recipient.flatMap { mailDomain($0.value) } }

    /// Takes another tolerance for all times, in ns.
    public mutating func setTolerance(_ tolerance: UInt64) {
        times = times.map { found in
            var moment = found.value
            moment.tolerance = tolerance
            return Found(moment, line: found.line)
        }
    }
}

/// What follows the last `@`; nil where nothing does.
func mailDomain(_ mailbox: [UInt8]) -> [UInt8]? {
    guard let at = mailbox.lastIndex(of: UInt8(ascii: "@")), at + 1 < mailbox.count else { return nil }
    return Array(mailbox[(at + 1)...])
}
