/// A record from the kernel side, decoded.
public enum KernelEvent: Sendable {
    case connect(ConnectEvent)
    /// A child of PHP now is a program that takes mail for the local mail server.
    case handover(ConnectEvent)
    /// Another program than the one that connected, or sent last, sends on a connection.
    case talker(ConnectEvent)
    /// Comes before the first connect or handover that names it.
    case context(PHPContext, fingerprint: UInt64)
    case program(ProgramEvent)
    case established(LifeEvent)
    case closed(LifeEvent)
    case line(LineEvent)
}

/// A program was started that is called like PHP or like a web server, or is as large as PHP, and is not known.
public struct ProgramEvent: Sendable, Equatable {
    public var pid: UInt32
    /// The real user.
    public var uid: UInt32
    /// Of its file, as the kernel names it.
    public var inode: UInt64
    public var device: UInt32
    /// Another one when the file was written to since.
    public var change: UInt32

    public init(pid: UInt32, uid: UInt32, inode: UInt64, device: UInt32, change: UInt32 = 0) {
        self.pid = pid
        self.uid = uid
        self.inode = inode
        self.device = device
        self.change = change
    }
}

/// A process calls connect: the socket enters SYN_SENT. Times are in ns of CLOCK_BOOTTIME.
public struct ConnectEvent: Sendable {
    public var time: UInt64
    /// Names the connection, as long as the probe is loaded.
    public var connection: UInt64
    /// Stands for all that `description` says; the description comes with its first connect only.
    public var identity: UInt64
    public var description: ProcessDescription?
    public var source: Endpoint
    public var destination: Endpoint
    public var thread: UInt32
    /// comm of the thread.
    public var threadName: [UInt8]
    /// False when the kernel side had no room to follow it: its end will not be told.
    public var isFollowed: Bool
    /// Established before: it was recognised by what the client said first, which is when `time` is.
    public var isByContent: Bool
    /// It was there before the probe, and `time` is when it was found. Its process is one that held it then.
    public var beganBefore = false
    /// The effective user that made the socket; nil where it is not known.
    public var socketUID: UInt32?
    /// What PHP was doing in this process, by the fingerprint of the context; 0 where it is no PHP that is known.
    public var php: UInt64
    /// The same for the PHP process that started this one, or one of those above it.
    public var origin: UInt64

    public init(
        time: UInt64, connection: UInt64, identity: UInt64, description: ProcessDescription?,
        source: Endpoint, destination: Endpoint, thread: UInt32, threadName: [UInt8], isFollowed: Bool,
        isByContent: Bool = false, php: UInt64 = 0, origin: UInt64 = 0
    ) {
        self.time = time
        self.connection = connection
        self.identity = identity
        self.description = description
        self.source = source
        self.destination = destination
        self.thread = thread
        self.threadName = threadName
        self.isFollowed = isFollowed
        self.isByContent = isByContent
        self.php = php
        self.origin = origin
    }
}

/// A connection was established or reached TCP_CLOSE.
public struct LifeEvent: Sendable {
    public var time: UInt64
    public var connection: UInt64
    /// 0 when it never was.
    public var establishedTime: UInt64
    /// sk_err: an errno, or 0.
    public var error: Int32
    public var source: Endpoint
    /// Socket cookie (SO_COOKIE); 0 where the kernel cannot tell.
    public var cookie: UInt64
    /// Payload, without retransmissions.
    public var bytesSent: UInt64
    public var bytesReceived: UInt64
    /// Bytes of `bytesSent` that were SMTP commands which lead to no message (EHLO, NOOP, QUIT and the like), each seen
    /// whole. Bytes of TLS and of credentials that the server did not ask for are not among them.
    public var bytesAccounted: UInt64

    public init(
        time: UInt64, connection: UInt64, establishedTime: UInt64, error: Int32, source: Endpoint, cookie: UInt64,
        bytesSent: UInt64, bytesReceived: UInt64, bytesAccounted: UInt64 = 0
    ) {
        self.time = time
        self.connection = connection
        self.establishedTime = establishedTime
        self.error = error
        self.source = source
        self.cookie = cookie
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.bytesAccounted = bytesAccounted
    }
}

/// Records that could not be handed over, by cause.
public struct Losses: Equatable, Sendable {
    /// The ring was full at a connect.
    public var connects: UInt64 = 0
    /// The ring was full when a connection was established; its end still tells that.
    public var established: UInt64 = 0
    /// The ring was full at a connection's end.
    public var ends: UInt64 = 0
    /// Seen, but not followed to the end: too many connections at the same time.
    public var unfollowed: UInt64 = 0
    /// The ring was full at a PHP stack; the connect says that there was one.
    public var contexts: UInt64 = 0
    /// No memory to have a child of PHP carry its origin.
    public var origins: UInt64 = 0
    /// The ring was full at a line of a dialogue.
    public var lines: UInt64 = 0
    /// No memory to follow a dialogue.
    public var dialogues: UInt64 = 0
    /// Hook runs that the kernel skipped, because the hook was already running on that CPU.
    public var missed: UInt64 = 0
    /// Records that this version cannot read.
    public var undecodable: UInt64 = 0
    /// Of what was lost in the kernel for want of room, how much each user had sent: who floods loses most.
    public var users: [UInt32: UInt64] = [:]

    public init() {}

    /// The users that lost most, at most three.
    public var mainUsers: [(uid: UInt32, count: UInt64)] {
        users.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(3).map { ($0.key, $0.value) }
    }

    public var total: UInt64 { byCause.reduce(0) { $0 + $1.count } }

    /// Name and count of each cause, as they stand in every output.
    public var byCause: [(name: StaticString, count: UInt64)] {
        [
            ("connects", connects), ("established", established), ("ends", ends), ("unfollowed", unfollowed),
            ("contexts", contexts), ("origins", origins), ("lines", lines), ("dialogues", dialogues),
            ("missed", missed),
            ("undecodable", undecodable),
        ]
    }
}

extension Losses: CustomStringConvertible {
    /// `lost: connects 3, ends 1 (uid 1000 4)`, or `lost: nothing`.
    public var description: String {
        let causes = byCause.filter { $0.count > 0 }.map { "\($0.name) \($0.count)" }
        let by = mainUsers.map { "uid \($0.uid) \($0.count)" }
        return "lost: " + (causes.isEmpty ? "nothing" : causes.joined(separator: ", "))
            + (by.isEmpty ? "" : " (\(by.joined(separator: ", ")))")
    }
}
