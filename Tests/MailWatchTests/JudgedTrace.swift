@testable import MailWatch

/// A tracker with a judge, for one process and what it does.
struct JudgedTrace {
    private var tracker: Tracker
    private var connection: UInt64 = 0

    init(
        _ process: ProcessDescription = .sample, mailServer: MailServer? = nil, unit: String? = nil,
        facts: ScriptFacts? = nil, php: PHPContext? = nil, placement: Placement? = nil,
        policy: (inout Policy) -> Void = { _ in }
    ) {
        var placement = placement ?? .sample
        placement.mailServer = mailServer
        placement.unit = placement.unit ?? unit
        var host = HostIdentity()
        host.addresses = [IPAddress("203.0.113.5")!, IPAddress("2001:db8::5")!]
        host.names = ["mail.host.example", "host.example"]
        var judge = Judge(host: host)
        policy(&judge.policy)
        tracker = Tracker(place: { _ in placement }, inspect: { _, _, _ in facts }, judge: { judge.judge($0) })
        var described = process
        described.pid = 4243
        self.process = described
        self.php = php
    }

    private let process: ProcessDescription
    private let php: PHPContext?

    /// A connect, and what is said on it. Stays open.
    mutating func connect(
        to destination: String = "192.0.2.25", port: UInt16 = 25, at time: UInt64? = nil, _ said: LineEvent...
    ) throws -> Judgement {
        try open(destination, port, time, said)
    }

    /// The same from connect to close; `sent` bytes, of which commands that lead to no message account for `accounted`.
    mutating func whole(
        to destination: String = "192.0.2.25", port: UInt16 = 25, sent: UInt64 = 211, accounted: UInt64? = nil,
        error: Int32 = 0, _ said: LineEvent...
    ) throws -> Judgement {
        _ = try open(destination, port, nil, said)
        return try tracker.connection(
            .closed(connection, error: error, sent: sent, accounted: accounted ?? sent)
        ).judgement
    }

    /// A connect that nobody answers.
    mutating func refused(to destination: String = "192.0.2.25", port: UInt16 = 25) throws -> Judgement {
        connection += 1
        _ = try tracker.connection(.connect(connection, description: process, to: destination, port: port))
        return try tracker.connection(.closed(connection, established: false, error: 111, sent: 0)).judgement
    }

    mutating func unfollowed() throws -> Judgement {
        connection += 1
        return try tracker.connection(.connect(connection, description: process, isFollowed: false)).judgement
    }

    mutating func handover() throws -> Judgement {
        connection += 1
        guard case .connect(let event) = KernelEvent.connect(connection, description: process, port: 0) else {
            return Judgement(.unknown)
        }
        return try tracker.connection(.handover(event)).judgement
    }

    private mutating func open(_ destination: String, _ port: UInt16, _ time: UInt64?, _ said: [LineEvent]) throws
        -> Judgement
    {
        connection += 1
        if let php { _ = tracker.handle(.context(php, fingerprint: 7)) }
        var last = try tracker.connection(
            .connect(
                connection, description: connection == 1 ? process : nil, to: destination, port: port, at: time,
                php: php == nil ? 0 : 7))
        last = try tracker.connection(.established(connection))
        for var line in said {
            line.connection = connection
            last = try tracker.connection(.line(line))
        }
        return last.judgement
    }
}

extension Judgement {
    var codes: [Reason.Code] { reasons.map(\.code) }

    func sentence(_ code: Reason.Code) -> String? {
        reasons.first { $0.code == code }.map { String(decoding: $0.sentence, as: UTF8.self) }
    }
}
