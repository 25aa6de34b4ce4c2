/// What a connection is, as far as can be told.
public enum Verdict: String, Sendable, CaseIterable {
    /// Delivery by an installed mail server, or by a sender that the configuration trusts.
    case mta
    /// To loopback or an own address, or handed over: the local mail server logs it.
    case local
    /// Submission to a remote relay.
    case smarthost
    /// Anyone else to a remote mail host: the alarm.
    case directMX = "direct-mx"
    /// Closed before MAIL.
    case probe
    /// Not enough seen.
    case unknown
}

/// Why a verdict came out as it did, or what else is worth a word.
public struct Reason: Sendable, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        // What decides.
        case handedOver = "handed-over"
        case loopback
        case ownAddress = "own-address"
        case installedMTA = "installed-mta"
        case trusted
        case submissionPort = "submission-port"
        case remoteMX = "remote-mx"
        case oddPort = "odd-port"
        case viaProxy = "via-proxy"
        case noMailServer = "no-mail-server"
        case notEstablished = "not-established"
        case rejected
        case closedBeforeMail = "closed-before-mail"
        case encrypted
        case dialogueNotSeen = "dialogue-not-seen"
        case nothingSaid = "nothing-said"
        // What makes it worse.
        case exeDeleted = "exe-deleted"
        case exeInTemporaryFolder = "exe-in-temporary-folder"
        case exeInUploads = "exe-in-uploads"
        case scriptInUploads = "script-in-uploads"
        case argvMismatch = "argv-mismatch"
        case foreignHello = "foreign-hello"
        case helloIsVirtualHost = "hello-is-virtual-host"
        case fanOut = "fan-out"
        case mailServerInContainer = "mail-server-in-container"
        case submissionWithoutAuth = "submission-without-auth"
    }

    public var code: Code
    /// A sentence for people. It may hold bytes of the process or of the network: it is escaped where it is shown.
    public var sentence: [UInt8]

    public init(_ code: Code, _ sentence: [UInt8]) {
        self.code = code
        self.sentence = sentence
    }
}

/// A verdict with its reasons: first what decided, then what else is worth a word.
public struct Judgement: Sendable, Equatable {
    public var verdict: Verdict
    public var reasons: [Reason]

    public init(_ verdict: Verdict, _ reasons: [Reason] = []) {
        self.verdict = verdict
        self.reasons = reasons
    }
}
