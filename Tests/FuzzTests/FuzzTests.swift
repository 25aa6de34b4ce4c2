import Foundation
import TestSupport
import Testing

@testable import fuzz

/// The first cases of `make fuzz`: a trap would end the tests.
@Suite(.timeLimit(.minutes(5)))
struct FuzzTests {
    @Test func damagedDatabasesAreErrors() throws {
        let databases = try DatabaseFuzz()
        for number in 0..<101 { try databases.run(number) }
        #expect(databases.outcome("read: corrupt") > 30)
        #expect(databases.outcome("write: corrupt") > 10)
    }

    @Test func damagedRecordingsAreReadOrLeftOut() throws {
        var recordings = try RecordingFuzz()
        for number in 0..<503 { recordings.run(number) }
        #expect((100..<503).contains(recordings.understood))
    }

    @Test func damagedComplaintsAreUnderstoodOrNot() {
        var complaints = ComplaintFuzz()
        for number in 0..<1009 { complaints.run(number) }
        #expect(complaints.understood > 500)
    }
}
