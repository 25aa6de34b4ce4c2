/// Gives each connection its verdict.
///
/// It remembers which sender went where in the last minute, bounded by `senderLimit`.
public struct Judge: Sendable {
    public var policy: Policy
    public var host: HostIdentity

    public init(policy: Policy = Policy(), host: HostIdentity = HostIdentity()) {
        self.policy = policy
        self.host = host
    }

    /// To be called at each change of the connection.
    public mutating func judge(_ connection: Connection) -> Judgement { Judgement(.unknown) }
}
