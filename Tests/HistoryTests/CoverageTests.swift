import GRDB
import Testing

@testable import History

struct CoverageTests {
    private static let second: UInt64 = 1_000_000_000

    /// A recorder's run; times in seconds.
    private func run(_ start: Int, _ latest: Int, isRunning: Bool = false) throws -> HistoryRun {
        try DatabaseQueue().read { database in
            let row = try Row.fetchOne(
                database, sql: "SELECT 1, ?, ?, ?, 'mx1', '0', 0, 0, 0",
                arguments: [start * Int(Self.second), latest * Int(Self.second), !isRunning])
            return try HistoryRun(#require(row), isRunning: isRunning)
        }
    }

    private func time(_ start: UInt64, _ end: UInt64) -> Range<UInt64> { start * Self.second..<end * Self.second }

    @Test func whatNoRecorderSawIsToldApart() throws {
        let runs = [try run(0, 100), try run(103, 200), try run(300, 400), try run(500, 501, isRunning: true)]
        let inside = Coverage(of: [time(50, 190)], runs: runs)
        // Three seconds are no gap: so long a recorder may have had nothing to write.
        #expect(inside.gaps.isEmpty && inside.runs.map(\.start) == [0, 103].map { $0 * Self.second })
        let across = Coverage(of: [time(150, 350), time(390, 600)], runs: runs)
        #expect(across.gaps == [time(200, 300), time(400, 500)])
        let between = Coverage(of: [time(220, 280)], runs: runs)
        #expect(between.gaps == [time(220, 280)] && between.runs.isEmpty)
        #expect(between.before?.latest == 200 * Self.second && between.after?.start == 300 * Self.second)
        let never = Coverage(of: [time(220, 280)], runs: [])
        #expect(never.gaps == [time(220, 280)] && never.before == nil && never.after == nil)
    }
}
