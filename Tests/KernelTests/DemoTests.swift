import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// The demo, as a newcomer runs it.
    @Suite struct DemoTests {
        private func processes() throws -> Int {
            try shell("pgrep -fc '[d]emo-sink|[d]emo-deliver|shop.example/'").lines.first.flatMap { Int($0) } ?? 0
        }

        /// What runs is gone with the demo, soon.
        private func expectNothingIsLeft(_ location: SourceLocation = #_sourceLocation) throws {
            let deadline = Date.now + 10
            while try processes() > 0, Date.now < deadline { usleep(50_000) }
            #expect(try processes() == 0, sourceLocation: location)
            #expect(!FileManager.default.fileExists(atPath: "/srv/shop.example"), sourceLocation: location)
            #expect(try !shell("ip -brief link").text.contains("eth0@if"), sourceLocation: location)
        }

        @Test func theSpammerIsSeenWithinTenSeconds() throws {
            let terminal = try Terminal("\(Repository.mailsnoop) demo")
            let begin = Date.now
            let text = try terminal.screen(with: "cache.php", "direct-mx", "smarthost", "mta", "lost nothing")
            #expect(text.contains("cache.php"))
            #expect(text.contains("Nothing leaves this machine."))
            // That is what it is for; how fast it is stands in `make bench`.
            #expect(Date.now.timeIntervalSince(begin) < 20)
            try terminal.keys("'!' Enter End")
            let detail = try terminal.screen(with: "command   php", "cwd", "user      www-data")
            #expect(detail.contains("/srv/shop.example/wp-content/uploads/2026/01/cache.php"))
            try terminal.keys("Q")
            #expect(try terminal.screen(with: "that was the demo", "ended 0", " echo").contains("that was the demo"))
            try expectNothingIsLeft()
        }

        @Test func withoutATerminalItIsATable() throws {
            let result = try Child([Repository.mailsnoop, "demo", "--seconds", "7"]).end()
            #expect(result.status == 0, "\(result.errors)")
            let lines = result.lines
            #expect(lines.contains { $0.contains(" www-data   direct-mx ") && $0.contains("cache.php:9 send_mail") })
            #expect(lines.contains { $0.contains(" www-data   smarthost ") && $0.contains("orders.php:3") })
            #expect(lines.contains { $0.contains(" mail       mta       ") && $0.contains("demo-deliver") })
            #expect(lines.allSatisfy { !$0.contains(":25 ") || $0.contains(" 198.51.100.") })
            #expect(lines.last == "lost: nothing")
            try expectNothingIsLeft()
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
        func nothingIsLeftHoweverItEnds(signal: Int32) throws {
            let demo = try Child([Repository.mailsnoop, "demo", "--seconds", "60"])
            while !demo.line().contains("cache.php") {}
            demo.kill(signal)
            let result = demo.end()
            #expect(result.status == (signal == SIGKILL ? -SIGKILL : 0))
            try expectNothingIsLeft()
        }

        @Test func whoIsNotRootIsToldSo() throws {
            let result = try Child(
                ["setpriv", "--reuid", "nobody", "--clear-groups", Repository.mailsnoop, "demo", "--seconds", "1"]
            ).end()
            #expect(result.status == 77)
            #expect(result.errors == "mailsnoop: the demo makes network namespaces: run it as root (sudo).\n")
            let without = try Child([Repository.mailsnoop, "demo"]).end()
            #expect(without.status == 64)
            #expect(without.errors.contains("With --seconds N the demo writes a table."))
        }
    }
}
