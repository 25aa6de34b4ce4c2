public import MailWatch

/// A recorded connection, as far as a complaint can be compared with it.
public struct Candidate: Sendable, Equatable {
    /// Names the connection where it is recorded.
    public var id: Int64
    /// Names its sender there: user, program and script.
    public var sender: Int64
    /// ns since the epoch: the connect.
    public var time: UInt64
    /// ns since the epoch; nil where it is not known.
    public var endTime: UInt64?
    /// Port 0 where it is not known.
    public var source: Endpoint
    public var destination: Endpoint
    /// By reverse DNS; empty where it is not known.
    public var destinationName: [UInt8] = []
    /// Of the mail dialogue; nil where it was not seen.
    public var hello: [UInt8]?
    public var mailFrom: [UInt8]?
    public var rcptTo: [UInt8]?
    public var verdict: Verdict = .unknown

    public init(id: Int64, sender: Int64, time: UInt64, source: Endpoint, destination: Endpoint) {
        self.id = id
        self.sender = sender
        self.time = time
        self.source = source
        self.destination = destination
    }
}
