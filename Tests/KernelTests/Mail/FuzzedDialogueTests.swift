import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// Random clients of real mail servers, which say themselves what mail they have taken: that is never a probe. What a
    /// check of a mail server says always is.
    @Suite struct FuzzedDialogueTests {
        struct Round: Sendable, CustomTestStringConvertible {
            var server: String
            var seed: Int
            /// Dialogues of each kind.
            var count: Int

            var testDescription: String { "\(count) with \(server), seed \(seed)" }
        }

        /// `make test-fuzz-dialogues` asks for more.
        static var rounds: [Round] {
            let asked = ProcessInfo.processInfo.environment["MAILSNOOP_FUZZ_DIALOGUES"].flatMap { Int($0) } ?? 211
            let size = min(1009, (asked + 1) / 2)
            return stride(from: 0, to: asked, by: size).enumerated().map { number, first in
                Round(server: ["postfix", "exim"][number % 2], seed: 59 + number, count: min(size, asked - first))
            }
        }

        @Test(arguments: rounds) func whatAServerTakesIsNoProbe(round: Round) throws {
            let machine = try MailMachine(package: round.server == "exim" ? "exim4-daemon-light" : round.server)
            let log = "/var/log/mail-server.log"
            let server = try machine.start(["\(Repository.tests)/mail/server", round.server, log])
            guard server.line() == "listening" else {
                Issue.record("\(server.end().errors)")
                return
            }
            let trace = try MailTrace(machine)
            let file = try trace.rows(of: machine)
            let fuzz = ["/usr/bin/python3", "\(Repository.tests)/mail/fuzz.py"]
            let legitimate = round.server == "exim" ? "legitimate-auth" : "legitimate"
            for (kind, port) in [("random", 20_000), (legitimate, 30_000)] {
                let said = try machine.start(fuzz + ["talk", kind, "\(round.seed)", "\(round.count)", "\(port)"]).end()
                #expect(said.status == 0, "\(said.errors)")
            }
            let rows = try file.lines(2 * round.count, seconds: 60)
            #expect(rows.count == 2 * round.count)
            let verdicts = Dictionary(
                rows.compactMap { row in row["source", "port"].number.map { ($0, row) } }, uniquingKeysWith: { $1 })
            let told = try machine.start(fuzz + ["queued", log]).end()
            #expect(told.status == 0, "\(told.errors)")
            let queued = told.text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            // It gets that far often enough.
            #expect(queued.count > round.count / 8)
            for port in queued where verdicts[port]?.verdict != "direct-mx" {
                Issue.record("mail of dialogue \(port - 20_000): \(verdicts[port]?.summary ?? "not seen")")
            }
            for number in 0..<round.count {
                let row = verdicts[30_000 + number]
                if row?.verdict != "probe" { Issue.record("check \(number): \(row?.summary ?? "not seen")") }
            }
            server.end()
            try trace.end()
        }
    }
}

extension JSON {
    /// Of a row: why its verdict is what it is, and what was said.
    fileprivate var summary: String { self["mailsnoop", "reasons"].text + self["source"].text + self["smtp"].text }
}
