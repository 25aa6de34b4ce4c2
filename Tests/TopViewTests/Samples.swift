import MailWatch

@testable import TopView

/// Connections of made processes, each at a second of its own.
struct Traffic {
    private var tracker: Tracker
    private var identities: [String: UInt64] = [:]

    /// - Parameter isNamedAlike: user and unit are called as the program is.
    init(isNamedAlike: Bool = false, _ judge: @escaping (Connection) -> Judgement = { _ in Judgement(.unknown) }) {
        tracker = Tracker(
            place: { process in
                let name = String(decoding: process.comm, as: UTF8.self)
                return isNamedAlike
                    ? Placement(userName: name, unit: name) : Placement(userName: "u\(process.uid ?? 0)")
            }, judge: judge)
    }

    /// A connect of a program, at a second since boot.
    mutating func connect(
        _ id: UInt64, _ program: String = "php", uid: UInt32 = 33, to destination: String = "192.0.2.25",
        port: UInt16 = 25, at second: UInt64? = nil
    ) -> Tracker.Change {
        var process = ProcessDescription()
        process.pid = UInt32(id)
        process.uid = uid
        process.comm = Array(program.utf8)
        process.exe = Array("/usr/bin/\(program)".utf8)
        process.argv = Array("\(program)\0--sender=\(id)\0".utf8)
        return tracker.handle(
            .connect(
                ConnectEvent(
                    time: (second ?? id) * 1_000_000_000, connection: id, identity: id, description: process,
                    source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
                    destination: Endpoint(address: IPAddress(destination)!, port: port), thread: 97,
                    threadName: process.comm, isFollowed: true)))!
    }

    mutating func line(_ id: UInt64, _ kind: LineEvent.Kind, _ text: String, recipients: UInt32 = 0) -> Tracker.Change {
        tracker.handle(
            .line(
                LineEvent(
                    time: id * 1_000_000_000 + 3, connection: id, kind: kind, text: Array(text.utf8), ordinal: 1,
                    recipients: recipients)))!
    }

    mutating func close(_ id: UInt64, established: Bool = true, error: Int32 = 0) -> Tracker.Change {
        tracker.handle(
            .closed(
                LifeEvent(
                    time: id * 1_000_000_000 + 7, connection: id, establishedTime: established ? 1 : 0, error: error,
                    source: Endpoint(address: IPAddress(ipv4: 0), port: 0), cookie: 0, bytesSent: 0, bytesReceived: 0)))!
    }
}

extension Scene {
    init(_ board: Board, second: UInt64 = 100, losses: Losses = Losses()) {
        self.init(
            board: board, losses: losses, openCount: board.openCount, host: "mx1.example.net",
            source: "hook kprobe/tcp_connect", clock: WallClock(bootTime: 0), now: second * 1_000_000_000)
    }
}
