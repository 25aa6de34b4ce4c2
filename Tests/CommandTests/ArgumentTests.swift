import Foundation
import TestSupport
import Testing

/// Bad input is refused before anything is touched: needs no root.
@Suite struct ArgumentTests {
    @Test(arguments: [
        ["trace", "--port", "0"], ["trace", "--port", "65536"], ["trace", "--port", "30-20"],
        ["trace", "--port", "smtp"],
        ["trace", "--port", ""], ["trace", "--hook", "xdp"], ["trace", "--format", "xml"],
        ["trace", "--seconds", "-1"],
        ["trace", "--user", "no-such-user-here"], ["trace", "--pid", "x"], ["trace", "--ring-kib", "5"], ["frobnicate"],
        ["trace", "surplus"], ["doctor", "--format", "csv"],
    ])
    func aWrongArgumentIsRefused(arguments: [String]) throws {
        let result = try Child([Repository.mailsnoop] + arguments).end()
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("Error: "))
    }

    @Test(arguments: ["0", "smtp", "\u{1B}]0;x\u{7}\u{202E}"])
    func aPortThatIsNoneIsNamedAndEscaped(port: String) throws {
        let result = try mailsnoop("trace", "--port", port)
        #expect(result.errors.contains("is no port. Give 1 to 65535, a range as 1000-2000, or all."))
        #expect(!result.errors.contains("\u{1B}"))
        #expect(!result.errors.contains("\u{202E}"))
    }

    @Test func aWrongPortLeavesTheOutputFileAlone() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID())")
        try Data("kept".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try mailsnoop("trace", "--port", "0", "--output", file.path).status == 64)
        #expect(try Data(contentsOf: file) == Data("kept".utf8))
    }

    @Test func helpAndVersionAreThere() throws {
        #expect(
            try mailsnoop("--version").text
                == "mailsnoop 0.1.0\nhooks: fentry/tcp_connect, kprobe/tcp_connect, tp_btf/inet_sock_set_state\n")
        let help = try mailsnoop("trace", "--help")
        #expect(help.status == 0)
        for option in ["--port", "--pid", "--user", "--comm", "--exe", "--hook", "--seconds", "--format", "--output"] {
            #expect(help.text.contains(option))
        }
    }

    @Test func theLiveViewNeedsATerminal() throws {
        let result = try mailsnoop()
        #expect(result.status == 64)
        #expect(result.errors.contains("needs a terminal. Use `mailsnoop trace`"))
    }
}
