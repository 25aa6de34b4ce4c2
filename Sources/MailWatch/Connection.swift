internal import Glibc

/// How far a connection has come, or how it ended.
public enum ConnectionState: String, Sendable, CaseIterable {
    /// SYN sent, no answer yet.
    case connecting
    /// Established and not closed.
    case open
    /// Established, then closed in order.
    case closed
    /// ECONNREFUSED: a reset or an ICMP port unreachable answered the SYN.
    case refused
    /// ETIMEDOUT: nobody answered, the SYN or later.
    case timedOut = "timed-out"
    /// EHOSTUNREACH, ENETUNREACH and their like (icmp(7)): a router or this host said so.
    case unreachable
    /// Established, then reset by the peer.
    case reset
    /// Given up by its own process, or by its death, before an answer came.
    case aborted
    /// Ended by another errno.
    case failed
    /// Its end was lost, or never followed.
    case unknown
    /// No connection: PHP has started a program that takes mail for the local mail server.
    case handedOver = "handed-over"

    public var hasEnded: Bool { self != .connecting && self != .open }

    init(end error: Int32, wasEstablished: Bool) {
        switch (error, wasEstablished) {
        case (0, true): self = .closed
        case (0, false): self = .aborted
        case (ECONNREFUSED, _): self = .refused
        case (ETIMEDOUT, _): self = .timedOut
        case (ECONNRESET, true), (EPIPE, true): self = .reset
        case (EHOSTUNREACH, _), (ENETUNREACH, _), (EHOSTDOWN, _), (ENETDOWN, _), (ENONET, _), (ENOPROTOOPT, _),
            (EACCES, _):
            self = .unreachable
        default: self = .failed
        }
    }
}

/// One outbound TCP connection to a watched port, from connect to close; or mail that PHP hands to the local mail server.
public struct Connection: Sendable {
    /// Names the connection, as long as the probe is loaded.
    public let id: UInt64
    /// The process that sends: the one that connected until another is seen to.
    public private(set) var process: Process
    /// The one that connected, and all that sent before `process`; empty where it did all itself. At most `talkerLimit`.
    public private(set) var formerProcesses: [Process] = []
    /// What PHP was doing in the process.
    public private(set) var php: Script?
    /// What PHP was doing when it started the process, or one of those above it.
    public private(set) var origin: Script?
    public private(set) var thread: UInt32
    public private(set) var threadName: [UInt8]
    /// It was recognised by what the client said first, on a port that is not watched.
    public let isByContent: Bool
    /// It was there before the probe.
    public let beganBefore: Bool
    /// The effective user that made the socket; nil where it is not known.
    public let socketUID: UInt32?
    /// Unspecified, and port 0, for mail that is handed over.
    public let destination: Endpoint
    /// Socket cookie; 0 where it is not known (yet).
    public internal(set) var cookie: UInt64 = 0
    /// Port 0 until the kernel has chosen one.
    public internal(set) var source: Endpoint
    /// Times in ns of CLOCK_BOOTTIME.
    public let connectTime: UInt64
    public internal(set) var establishedTime: UInt64?
    public internal(set) var endTime: UInt64?
    public internal(set) var state: ConnectionState
    /// The errno that ended it; 0 none.
    public internal(set) var error: Int32 = 0
    public internal(set) var bytesSent: UInt64 = 0
    public internal(set) var bytesReceived: UInt64 = 0
    /// As `LifeEvent.bytesAccounted`; 0 until it ends.
    public internal(set) var bytesAccounted: UInt64 = 0
    /// What was said on it; nil while nothing has been.
    public internal(set) var dialogue: SMTPDialogue?
    public internal(set) var judgement = Judgement(.unknown)
    /// ns of CLOCK_BOOTTIME: when something of it was last seen.
    var activeTime: UInt64

    static let talkerLimit = 8

    init(_ event: ConnectEvent, process: Process, php: Script?, origin: Script?) {
        id = event.connection
        self.process = process
        self.php = php
        self.origin = origin
        thread = event.thread
        threadName = event.threadName
        destination = event.destination
        source = event.source
        connectTime = event.time
        activeTime = event.time
        isByContent = event.isByContent && !event.beganBefore
        beganBefore = event.beganBefore
        socketUID = event.socketUID
        state = event.isFollowed ? .connecting : .unknown
        guard event.isByContent else { return }
        establishedTime = event.time
        if event.isFollowed { state = .open }
    }

    /// Mail that is handed over. It has ended as it begins.
    init(handover event: ConnectEvent, process: Process, php: Script?, origin: Script?) {
        self.init(event, process: process, php: php, origin: origin)
        state = .handedOver
    }

    /// The script that stands for it: of PHP's own stack, else of the PHP process that started it, else of argv.
    public var script: Script? { php ?? origin ?? process.script }

    /// Whether all that is looked up about its sender has been found, or given up.
    var isSettled: Bool { process.isSettled && (php?.isSettled ?? true) && (origin?.isSettled ?? true) }

    func giveUp() {
        process.giveUp()
        php?.giveUp()
        origin?.giveUp()
    }

    /// ns from connect to the end; nil while it lasts.
    public var duration: UInt64? { endTime.map { $0 &- connectTime } }

    /// Ended without ever being established.
    public var isFailure: Bool {
        state.hasEnded && state != .unknown && state != .handedOver && establishedTime == nil
    }

    mutating func establish(_ event: LifeEvent) {
        activeTime = event.time
        state = .open
        establishedTime = event.time
        source = event.source
        cookie = event.cookie
    }

    mutating func end(_ event: LifeEvent) {
        if event.establishedTime != 0 { establishedTime = event.establishedTime }
        state = ConnectionState(end: event.error, wasEstablished: event.establishedTime != 0)
        error = event.error
        cookie = event.cookie
        endTime = event.time
        bytesSent = event.bytesSent
        bytesReceived = event.bytesReceived
        bytesAccounted = event.bytesAccounted
        // A socket that never got an address keeps the one it asked for.
        if event.source.port != 0 { source = event.source }
    }

    mutating func take(_ line: LineEvent) {
        var dialogue = dialogue ?? SMTPDialogue()
        dialogue.take(line)
        self.dialogue = dialogue
        activeTime = line.time
    }

    /// Another process sends from here on.
    mutating func hand(to process: Process, php: Script?, origin: Script?, _ event: ConnectEvent) {
        guard process.serial != self.process.serial, formerProcesses.count < Self.talkerLimit else { return }
        if !formerProcesses.contains(where: { $0.serial == self.process.serial }) {
            formerProcesses.append(self.process)
        }
        self.process = process
        self.php = php
        self.origin = origin
        thread = event.thread
        threadName = event.threadName
        activeTime = event.time
    }

    /// The same connection as a former process's: what is to be thought of it had that one sent.
    func asFormer(_ process: Process) -> Connection {
        var connection = self
        connection.process = process
        connection.formerProcesses = []
        connection.php = nil
        connection.origin = nil
        return connection
    }

    mutating func loseEnd() { state = .unknown }
}
