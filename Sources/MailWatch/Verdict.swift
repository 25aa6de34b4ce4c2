/// What a connection is, as far as can be told.
public enum Verdict: String, Sendable, CaseIterable {
    /// Delivery by an installed mail server, or by a sender that the configuration trusts.
    case mta
    /// To loopback or an own address, or handed over: the local mail server logs it.
    case local
    /// Submission to a remote relay.
    case smarthost
    /// Anyone else to a remote mail host: the alarm.
    case directMX = "direct-mx"
    /// Closed before MAIL.
    case probe
    /// Not enough seen.
    case unknown
}

/// A verdict with its reasons: first what decided, then what else is worth a word.
public struct Judgement: Sendable, Equatable {
    public var verdict: Verdict
    public var reasons: [Reason]

    public init(_ verdict: Verdict, _ reasons: [Reason] = []) {
        self.verdict = verdict
        self.reasons = reasons
    }
}
