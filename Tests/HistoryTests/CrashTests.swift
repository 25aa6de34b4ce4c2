import Foundation
import GRDB
import Glibc
import History
import TestSupport
import Testing

/// Tests/HistoryLoad writes under load, and is killed at some moment.
@Suite(.timeLimit(.minutes(10)))
struct CrashTests {
    /// 100 in all, in four databases at a time.
    @Test(arguments: 0..<4 as Range<UInt64>) func killedAtAnyMoment(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let place = Place()
        try FileManager.default.createDirectory(atPath: place.folder, withIntermediateDirectories: false)
        var written = 0
        for round in 0..<25 {
            let load = try Child([Repository.build + "/debug/history-load", "steady", place.path, "2003", "60"])
            try await Task.sleep(for: .milliseconds(random.below(1009)))
            load.kill(SIGKILL)
            // What a recorder had to write down, each by its time, and how many it had said to have. The last line may be cut.
            let lines = load.end().text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            let handed = lines.compactMap { UInt64($0) }
            let stored = lines.last { $0.hasPrefix("stored ") }.flatMap { Int($0.dropFirst(7)) } ?? 0
            guard FileManager.default.fileExists(atPath: place.path) else { continue }
            let check = try await DatabaseQueue(path: place.path).read {
                try String.fetchAll($0, sql: "PRAGMA integrity_check")
            }
            #expect(check == ["ok"], "round \(round)")
            guard let first = handed.first, let last = handed.last else { continue }
            let found = Set(try place.recorded(in: first..<last + 1).map(\.time))
            let missing = handed.filter { !found.contains($0) }
            // All that it had said to have, and nothing is missing between what is there: `make bench` tells for how long.
            #expect(found.count >= stored, "round \(round)")
            #expect(missing == Array(handed.suffix(missing.count)), "round \(round)")
            written += found.count
        }
        #expect(written > 0)
        #expect(try HistoryReader(place.path).runs().allSatisfy { !$0.hasEnded && !$0.isRunning })
        // The next one goes on where they were cut off.
        try place.recorder().finish()
        #expect(try HistoryReader(place.path).runs().last?.hasEnded == true)
    }
}
