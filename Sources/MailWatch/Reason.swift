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
        case kernelConnect = "kernel-connect"
        // What makes it worse.
        case exeDeleted = "exe-deleted"
        case exeInTemporaryFolder = "exe-in-temporary-folder"
        case exeInUploads = "exe-in-uploads"
        case scriptInUploads = "script-in-uploads"
        case scriptInTemporaryFolder = "script-in-temporary-folder"
        case scriptDeleted = "script-deleted"
        case argvMismatch = "argv-mismatch"
        case argvChanged = "argv-changed"
        case foreignHello = "foreign-hello"
        case helloIsVirtualHost = "hello-is-virtual-host"
        case fanOut = "fan-out"
        case mailServerInContainer = "mail-server-in-container"
        case submissionWithoutAuth = "submission-without-auth"
        // Why the program's file proves nothing.
        case userNamespace = "user-namespace"
        case unprivilegedMount = "unprivileged-mount"
        case exeUnmounted = "exe-unmounted"
        case exeChanged = "exe-changed"
        case loaderVariables = "loader-variables"
        case interpreterVariables = "interpreter-variables"
        case environmentTruncated = "environment-truncated"
        case runByLoader = "run-by-loader"
        /// In place of `exeDeleted`, and no alarm.
        case programUpgraded = "program-upgraded"
        // What else is worth a word.
        case beganBefore = "began-before"
        case otherTalker = "other-talker"
    }

    public let code: Code
    private let subject: Subject

    /// What a sentence is about. It is only put together where somebody reads it.
    private enum Subject: Equatable {
        case sentence([UInt8])
        case facts(program: [UInt8], number: UInt16, name: [UInt8])
    }

    /// A reason with a sentence of its own.
    public init(_ code: Code, _ sentence: [UInt8]) {
        self.code = code
        subject = .sentence(sentence)
    }

    /// - Parameters:
    ///   - number: the port, the reply's code or the limit that the sentence names.
    ///   - name: what else it names: what was said, a path, a mail server.
    init(_ code: Code, program: [UInt8], number: UInt16 = 0, name: [UInt8] = []) {
        self.code = code
        subject = .facts(program: program, number: number, name: name)
    }

    /// A sentence for people. It may hold bytes of the process or of the network: it is escaped where it is shown.
    public var sentence: [UInt8] {
        guard case .facts(let program, let number, let name) = subject else {
            if case .sentence(let sentence) = subject { return sentence }
            return []
        }
        var text: [UInt8] = []
        for byte in code.pattern.utf8 {
            switch byte {
            case UInt8(ascii: "@"): text += program
            case UInt8(ascii: "#"): text.append(decimal: UInt64(number))
            case UInt8(ascii: "*"): text += name
            default: text.append(byte)
            }
        }
        return text
    }
}

extension Reason.Code {
    /// The sentence, in which `@` stands for the program, `#` for the number and `*` for the name.
    fileprivate var pattern: String {
        switch self {
        case .handedOver: "@ takes mail for the local mail server, which logs it."
        case .loopback: "@ connected to port # of this host itself: its mail server logs what it takes."
        case .ownAddress: "@ connected to port # of an address of this host: its mail server logs what it takes."
        case .installedMTA: "@ is *, which is installed on this host."
        case .trusted: "The configuration trusts @."
        case .submissionPort: "@ connected to port #, where a relay takes mail for submission."
        case .remoteMX: "@ connected to port # of another host, where mail is delivered."
        case .oddPort: "@ speaks SMTP on port #, which is no port of mail."
        case .viaProxy: "@ goes through a proxy to port # of *."
        case .noMailServer: "@ is no mail server that is installed on this host."
        case .notEstablished: "The connection of @ to port # was never established."
        case .rejected: "The server refused @ before MAIL: # *"
        case .closedBeforeMail: "@ closed the connection to port # without having said MAIL."
        case .encrypted: "@ spoke TLS on port #: what it said could not be read."
        case .dialogueNotSeen: "Not all that @ sent on port # was seen and understood."
        case .nothingSaid: "@ has not been seen to say MAIL on port #."
        case .kernelConnect: "The @ itself connected to port #, for a file system or the like: no program did."
        case .exeDeleted: "The program @ has been deleted."
        case .exeInTemporaryFolder: "The program @ lies in a folder for temporary files."
        case .exeInUploads: "The program @ lies in a folder that visitors can fill."
        case .scriptInUploads: "The script * lies in a folder that visitors can fill."
        case .scriptInTemporaryFolder: "The script * lies in a folder for temporary files."
        case .scriptDeleted: "The script * is not there, or not any more."
        case .argvMismatch: "@ calls itself * in argv."
        case .argvChanged: "@ has changed its argv: it was started as *."
        case .foreignHello: "@ introduces itself as *, which is no name of this host."
        case .helloIsVirtualHost: "@ introduces itself as *, the web site that was asked for."
        case .fanOut: "@ connected to more than # addresses within a minute."
        case .mailServerInContainer: "@ looks like *, but its file is not this host's own, as in a container."
        case .submissionWithoutAuth: "@ said MAIL on port # without AUTH."
        case .userNamespace: "@ runs in a user namespace of its own, where it can mount any file at any path."
        case .unprivilegedMount: "The file of @ comes from a mount namespace that an unprivileged user made."
        case .exeUnmounted: "The file of @ is not mounted anywhere: it was made in memory, or unmounted."
        case .exeChanged: "The process was started from another file than @."
        case .loaderVariables: "The environment of @ made the dynamic loader add code (LD_PRELOAD and the like)."
        case .interpreterVariables: "The environment of @ made it run other code first (PERL5OPT and the like)."
        case .environmentTruncated: "The environment of @ is too long to be searched for LD_PRELOAD and the like."
        case .runByLoader: "@ is the dynamic loader, which runs any program that its arguments name."
        case .programUpgraded: "The file of @ was replaced by root after the program started, as by an upgrade."
        case .beganBefore: "The connection was open before the trace began; what was said until then was not seen."
        case .otherTalker: "@ sends on a connection that another process made: *."
        }
    }
}
