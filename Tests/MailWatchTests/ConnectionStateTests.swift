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

    /// The same ETIMEDOUT ends what was never established, and what was.
    @Test(arguments: [(Int32(0), false), (ECONNREFUSED, false), (ETIMEDOUT, false), (ETIMEDOUT, true), (0, true)])
    func failureIsWhatNeverCameToBe(error: Int32, wasEstablished: Bool) throws {
        var tracker = Tracker { _ in Placement() }
        _ = tracker.handle(.connect(1))
        let connection = try tracker.connection(.closed(1, established: wasEstablished, error: error))
        #expect(connection.isFailure == !wasEstablished)
    }

    /// These names stand in CSV and JSON.
    @Test func namesAreAnInterface() {
        #expect(
            ConnectionState.allCases.map(\.rawValue) == [
                "connecting", "open", "closed", "refused", "timed-out", "unreachable", "reset", "aborted", "failed",
                "unknown", "handed-over",
            ])
    }
}
