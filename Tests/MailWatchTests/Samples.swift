import MailWatch
import Testing

extension ProcessDescription {
    /// A PHP program of the web server's user.
    static var sample: ProcessDescription {
        var process = ProcessDescription()
        process.pid = 4242
        process.uid = 33
        process.effectiveUID = 33
        process.comm = Array("php".utf8)
        process.exe = Array("/usr/bin/php8.2".utf8)
        process.argv = Array("php\0send.php\0".utf8)
        process.cwd = Array("/srv/www".utf8)
        process.exeInode = 4001
        process.exeDevice = 8 << 20 | 1
        process.mountNamespace = 4_026_531_840
        process.exeMountNamespace = 4_026_531_840
        process.exeMountOwner = ProcessDescription.initialUserNamespace
        process.userNamespace = ProcessDescription.initialUserNamespace
        var execution = ProcessDescription.Execution()
        execution.argv = process.argv
        execution.cwd = process.cwd
        execution.exeInode = process.exeInode
        execution.exeDevice = process.exeDevice
        process.execution = execution
        return process
    }
}

extension Placement {
    /// Of a program that is the host's own.
    static var sample: Placement {
        var placement = Placement(userName: "www-data")
        placement.exe = .own(owner: 0)
        placement.isExeMountedByHost = true
        return placement
    }
}

extension KernelEvent {
    static func connect(
        _ connection: UInt64, identity: UInt64 = 1, description: ProcessDescription? = .sample,
        to destination: String = "192.0.2.25", port: UInt16 = 25, thread: UInt32 = 4243, threadName: String = "php",
        isFollowed: Bool = true, at time: UInt64? = nil, php: UInt64 = 0
    ) -> KernelEvent {
        .connect(
            ConnectEvent(
                time: time ?? connection * 1000, connection: connection, identity: identity, description: description,
                source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
                destination: Endpoint(address: IPAddress(destination)!, port: port), thread: thread,
                threadName: Array(threadName.utf8), isFollowed: isFollowed, php: php))
    }

    static func established(_ connection: UInt64) -> KernelEvent {
        .established(life(connection, time: 101, established: true, error: 0))
    }

    static func closed(
        _ connection: UInt64, established: Bool = true, error: Int32 = 0, sent: UInt64 = 1009, accounted: UInt64 = 0
    ) -> KernelEvent {
        .closed(
            life(connection, time: 211, established: established, error: error, sent: sent, accounted: accounted))
    }

    private static func life(
        _ connection: UInt64, time: UInt64, established: Bool, error: Int32, sent: UInt64 = 1009,
        accounted: UInt64 = 0
    ) -> LifeEvent {
        LifeEvent(
            time: connection * 1000 + time, connection: connection,
            establishedTime: established ? connection * 1000 + 101 : 0, error: error,
            source: Endpoint(address: IPAddress("198.51.100.7")!, port: 40_961), cookie: 4099, bytesSent: sent,
            bytesReceived: 2003, bytesAccounted: accounted)
    }
}

extension Tracker {
    /// The connection that an event changes.
    mutating func connection(_ event: KernelEvent) throws -> Connection {
        let change = handle(event)
        return try #require(change).connection
    }
}

extension LineEvent {
    /// A line as `EHLO mail.com` of the client, or `220 mx ready` of the server. The verb tells what it is; `ordinal` is
    /// that of the command, or of the one that a reply answers: 0 makes it a greeting.
    static func said(
        _ text: String, _ ordinal: UInt32 = 1, recipients: UInt32 = 0, isCut: Bool = false, followsGap: Bool = false,
        isInTLS: Bool = false
    ) -> LineEvent {
        let verbs: [String: Kind] = [
            "EHLO": .ehlo, "HELO": .helo, "LHLO": .lhlo, "MAIL": .mail, "RCPT": .rcpt, "DATA": .data, "BDAT": .bdat,
            "STAR": .startTLS, "AUTH": .auth, "QUIT": .quit,
        ]
        let kind = verbs[text.prefix(4).uppercased()]
        return LineEvent(
            time: 0, connection: 1, kind: kind ?? (ordinal == 0 ? .greeting : .reply),
            text: Array(kind == nil ? text.utf8.dropFirst(4) : text.utf8[...]),
            code: kind == nil ? UInt16(text.prefix(3)) ?? 0 : 0, ordinal: ordinal, recipients: recipients, isCut: isCut,
            followsGap: followsGap, isInTLS: isInTLS)
    }

    static func bytes(_ kind: Kind, _ bytes: [UInt8]) -> LineEvent {
        LineEvent(time: 0, connection: 1, kind: kind, text: bytes)
    }
}
