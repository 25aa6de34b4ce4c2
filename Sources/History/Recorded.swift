public import MailWatch

/// A connection as the history has it.
public struct Recorded: Sendable {
    /// Names it in the history.
    public let key: Int64
    /// Names its sender in the history: user, program, script and where they are.
    public let sender: Int64
    public let connection: Connection
    /// Of the destination, by reverse DNS; empty where it was not known.
    public let name: [UInt8]
    /// The wall clock by which its times were written.
    public let clock: WallClock

    /// Of the connect, in ns since the epoch.
    public var time: UInt64 { clock.wallTime(connection.connectTime) }
}

/// Which connections are wanted. An empty list wants all; the values of one list are alternatives.
public struct HistoryFilter: Sendable {
    /// Real users.
    public var users: [UInt32] = []
    /// Path of the script, or of the program where there is none, as a glob(7) pattern in which `*` also matches `/`.
    public var scripts: [String] = []
    public var destinations: [Network] = []
    public var verdicts: [Verdict] = []

    public init() {}

    func matches(_ sender: HistorySender) -> Bool {
        (users.isEmpty || sender.uid.map(users.contains) ?? false)
            && (scripts.isEmpty
                || scripts.contains {
                    ConnectionFilter.glob($0, sender.script.isEmpty ? sender.program : sender.script)
                })
    }

    func matches(_ destination: IPAddress, _ verdict: Verdict) -> Bool {
        (destinations.isEmpty || destinations.contains { $0.contains(destination) })
            && (verdicts.isEmpty || verdicts.contains(verdict))
    }
}
