import Glibc
import Testing

@testable import MailWatch

struct ConnectionStateTests {
    @Test(
        arguments: [
            (0, true, .closed), (0, false, .aborted), (ECONNREFUSED, false, .refused), (ETIMEDOUT, false, .timedOut),
            (ETIMEDOUT, true, .timedOut), (ECONNRESET, true, .reset), (EPIPE, true, .reset),
            (EHOSTUNREACH, false, .unreachable), (ENETUNREACH, false, .unreachable), (EHOSTDOWN, false, .unreachable),
            (ENETDOWN, false, .unreachable), (ENOPROTOOPT, false, .unreachable), (EPERM, false, .failed),
            (EADDRNOTAVAIL, false, .failed), (Int32.max, true, .failed), (-1, false, .failed),
        ] as [(Int32, Bool, ConnectionState)])
    func errorDecidesTheEnd(error: Int32, wasEstablished: Bool, state: ConnectionState) {
        #expect(ConnectionState(end: error, wasEstablished: wasEstablished) == state)
    }

    @Test func onlyTheFirstTwoStatesLast() {
        #expect(ConnectionState.allCases.filter { !$0.hasEnded } == [.connecting, .open])
    }

    @Test func failureIsWhatNeverCameToBe() {
        #expect(
            ConnectionState.allCases.filter(\.isFailure) == [.refused, .timedOut, .unreachable, .aborted, .failed])
    }

    /// These names stand in CSV and JSON.
    @Test func namesAreAnInterface() {
        #expect(
            ConnectionState.allCases.map(\.rawValue) == [
                "connecting", "open", "closed", "refused", "timed-out", "unreachable", "reset", "aborted", "failed",
                "unknown",
            ])
    }
}
