import Foundation
import TestSupport
import Testing

/// One user cannot blind the tracer for all.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(5)))
struct BlindingTests {
    private let port = 10_241

    /// Slow libraries, a dead file system, one below /opt, hundreds of fake PHPs, links behind links and a flood of
    /// scripts: each connect of honest PHP has its stack and its script's facts all the same.
    @Test func whatOthersDoTakesNothingFromPHP() throws {
        let folder = "/srv/mailsnoop-\(UUID().uuidString)"
        let dead = "/opt/mailsnoop-\(UUID().uuidString)"
        for path in [folder, dead] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        defer { for path in [folder, dead] { try? FileManager.default.removeItem(atPath: path) } }
        let output = folder + "/trace.json"
        let result = try Child([
            Repository.hang, dead, "\(Repository.tests)/php/blind", Repository.mailsnoop, Repository.build, folder,
            "\(port)", output,
        ]).end()
        #expect(result.status == 0, "\(result.text)\(result.errors)")
        let errors = try String(contentsOfFile: output + ".errors", encoding: .utf8)
        let rows = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let honest = rows.filter { ($0["destination"] as? [String: Any])?["port"] as? Int == port }
        #expect(honest.count == 1009, "\(errors)")
        var withoutStack = 0
        var withoutFacts = 0
        for row in honest {
            let file = row["file"] as? [String: Any]
            let path = file?["path"] as? String
            let script = (row["mailsnoop"] as? [String: Any])?["script"] as? [String: Any]
            let frames = (script?["php"] as? [String: Any])?["frames"] as? [[String: Any]] ?? []
            if frames.count != 3 || frames[1]["function"] as? String != "send" || frames[1]["line"] as? Int != 3
                || path?.hasPrefix(folder + "/honest") != true
            {
                withoutStack += 1
            }
            let hash = (file?["hash"] as? [String: Any])?["sha256"] as? String
            if hash?.count != 64 || file?["uid"] as? String != "0" { withoutFacts += 1 }
        }
        #expect(withoutStack == 0)
        #expect(withoutFacts == 0)
        // The fake PHPs made no room for themselves but from their own.
        #expect(errors.contains("too many PHP programs: the stacks of some are not read (uid 1703 "))
    }
}
