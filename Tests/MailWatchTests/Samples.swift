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
        return process
    }
}

extension KernelEvent {
    static func connect(
        _ connection: UInt64, identity: UInt64 = 1, description: ProcessDescription? = .sample,
        to destination: String = "192.0.2.25", thread: UInt32 = 4243, threadName: String = "php",
        isFollowed: Bool = true
    ) -> KernelEvent {
        .connect(
            ConnectEvent(
                time: connection * 1000, connection: connection, identity: identity, description: description,
                source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
                destination: Endpoint(address: IPAddress(destination)!, port: 25), thread: thread,
                threadName: Array(threadName.utf8), isFollowed: isFollowed))
    }

    static func established(_ connection: UInt64) -> KernelEvent {
        .established(life(connection, time: 101, established: true, error: 0))
    }

    static func closed(_ connection: UInt64, established: Bool = true, error: Int32 = 0) -> KernelEvent {
        .closed(life(connection, time: 211, established: established, error: error))
    }

    private static func life(_ connection: UInt64, time: UInt64, established: Bool, error: Int32) -> LifeEvent {
        LifeEvent(
            time: connection * 1000 + time, connection: connection,
            establishedTime: established ? connection * 1000 + 101 : 0, error: error,
            source: Endpoint(address: IPAddress("198.51.100.7")!, port: 40_961), cookie: 4099, bytesSent: 1009,
            bytesReceived: 2003)
    }
}

extension Tracker {
    /// The connection that an event changes.
    mutating func connection(_ event: KernelEvent) throws -> Connection {
        let change = handle(event)
        return try #require(change).connection
    }
}
