/// What client and server have said on a connection (RFC 5321), as far as it was seen.
public struct SMTPDialogue: Sendable, Equatable {
    public enum Hello: String, Sendable {
        case ehlo = "EHLO"
        case helo = "HELO"
        case lhlo = "LHLO"
    }

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

    private var progress = Progress()

    public init() {}
}

/// What `take` has to remember. Two dialogues are equal by what was said.
private struct Progress: Sendable, Equatable {
    /// Ordinals of DATA and BDAT LAST that no 2xx has answered yet, the oldest first; 0 none. Clients that pipeline have
    /// begun the next message when that comes, but hardly four of them.
    var messageEnds = SIMD4<UInt32>()
    var quit: UInt32?
    /// Ordinal of the latest EHLO, HELO, LHLO, AUTH or command of a message; nil where it has been answered.
    var command: UInt32?
    /// The latest answer to such a command, or the greeting, was 4xx or 5xx.
    var isRefused = false
    var isMessageTaken = false

    static func == (_: Progress, _: Progress) -> Bool { true }

    mutating func endMessage(_ ordinal: UInt32) {
        for index in 1..<4 { messageEnds[index - 1] = messageEnds[index] }
        messageEnds[3] = ordinal
    }

    /// Whether a message is taken now. LMTP answers once for each recipient (RFC 2033 section 4.2): that is one message.
    mutating func takeMessage(_ ordinal: UInt32) -> Bool {
        guard ordinal != 0, let index = (0..<4).first(where: { messageEnds[$0] == ordinal }) else { return false }
        messageEnds[index] = 0
        return true
    }
}

extension SMTPDialogue {
    private static let replyLimit = 120
    /// RFC 4422 section 3.1.
    private static let mechanismLimit = 20

    /// The server said 4xx or 5xx last, but for its answers to QUIT, NOOP, VRFY, STARTTLS and the like.
    var isRefused: Bool { progress.isRefused }

    /// The client has said a command of a message (MAIL, RCPT, DATA, BDAT), or the server has asked for one (354, RFC 5321
    /// section 4.3.2), whether or not what led to it was seen.
    var leadsToMail: Bool { messages > 0 || recipients > 0 || reachedData || progress.isMessageTaken }

    /// Takes the next line of the connection.
    mutating func take(_ line: LineEvent) {
        if line.followsGap { gaps.insert(.bytesMissing) }
        if line.isInTLS {
            // It could be read after all.
            isEncrypted = true
            gaps.remove(.encrypted)
        }
        recipients = max(recipients, line.recipients)
        switch line.kind {
        case .greeting, .reply: take(reply: line)
        case .clientHello:
            isEncrypted = true
            gaps.insert(.encrypted)
            serverName = TLSClientHello.serverName(in: line.text)
        case .proxyRequest: proxy = proxy ?? Proxy(line.text)
        default:
            if line.isCut { gaps.insert(.lineCut) }
            take(command: line)
        }
    }

    private mutating func take(reply line: LineEvent) {
        let reply = Reply(code: line.code, text: Array(line.text.prefix(Self.replyLimit)))
        if line.kind == .greeting { greeting = reply } else { lastReply = reply }
        // What a server says unasked is no refusal: Exim says 421 to each client that closes without QUIT.
        if line.kind == .greeting || line.ordinal == progress.command {
            progress.isRefused = line.code >= 400
            if !(300..<400).contains(line.code) { progress.command = nil }
        }
        if line.kind == .reply, line.code == 354 { progress.isMessageTaken = true }
        if line.kind == .reply, (200..<300).contains(line.code), progress.takeMessage(line.ordinal) { accepted &+= 1 }
    }

    private mutating func take(command line: LineEvent) {
        var command = SMTPCommand(line.text)
        if line.kind != .quit, line.kind != .startTLS { progress.command = line.ordinal }
        switch line.kind {
        case .ehlo: greet(.ehlo, &command)
        case .helo: greet(.helo, &command)
        case .lhlo: greet(.lhlo, &command)
        case .mail:
            messages &+= 1
            guard sender == nil, let path = command.path() else { return }
            sender = path
            size = command.size()
        case .rcpt: recipient = recipient ?? command.path()
        case .data:
            reachedData = true
            progress.endMessage(line.ordinal)
        case .bdat:
            reachedData = true
            _ = command.word()
            if command.word().equalsIgnoringCase("LAST") { progress.endMessage(line.ordinal) }
        case .startTLS: saidStartTLS = true
        case .auth:
            let mechanism = command.word().map(\.asciiUppercase)
            // Credentials may stand where the mechanism should.
            guard mechanism.count <= Self.mechanismLimit, mechanism.allSatisfy(Self.isOfMechanism) else { return }
            authMechanism = mechanism
        case .quit:
            saidQuit = true
            progress.quit = line.ordinal
        case .greeting, .reply, .clientHello, .proxyRequest: return
        }
    }

    /// The latest name before the first MAIL is the one that the server puts into its Received line (RFC 5321 sections
    /// 4.1.4 and 4.4): it replaces what was said before, as after STARTTLS, unless it is none.
    private mutating func greet(_ hello: Hello, _ command: inout SMTPCommand) {
        let name = Array(command.word().prefix(SMTPCommand.nameLimit))
        guard self.hello == nil || (messages == 0 && !name.isEmpty) else { return }
        self.hello = hello
        helloName = name
    }

    private static func isOfMechanism(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
