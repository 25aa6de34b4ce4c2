import MailWatch
import Testing

struct ProcessDescriptionTests {
    @Test(arguments: [
        ("php|send.php|", ["php", "send.php"]), ("php", ["php"]), ("a|b", ["a", "b"]),
        ("a||b|", ["a", "", "b"]), ("|a|", ["", "a"]), ("nginx: worker||||", ["nginx: worker"]),
        ("", []), ("|", []), ("|||", []), ("a b|", ["a b"]),
    ])
    func argumentsAreWhatStandsBetweenZeros(argv: String, arguments: [String]) {
        var process = ProcessDescription()
        process.argv = zeroed(argv)
        #expect(process.arguments.map { String(decoding: $0, as: UTF8.self) } == arguments)
    }

    @Test(arguments: [
        ("php|send.php|", "php send.php"), ("a||b|", "a  b"), ("", "[kworker]"), ("||", "[kworker]"),
    ])
    func commandLineIsAsPsShowsIt(argv: String, commandLine: String) {
        var description = ProcessDescription()
        description.argv = zeroed(argv)
        description.comm = Array("kworker".utf8)
        let process = Process(identity: 1, description: description, placement: Placement())
        #expect(String(decoding: process.commandLine, as: UTF8.self) == commandLine)
    }

    @Test func argumentsKeepBytesThatAreNoText() {
        var process = ProcessDescription()
        process.argv = [0xFF, 0x1B, 0, 0xC0, 0]
        #expect(process.arguments.map(Array.init) == [[0xFF, 0x1B], [0xC0]])
    }

    @Test func userIsTheNameOrElseTheNumber() {
        let named = Process(identity: 1, description: .sample, placement: Placement(userName: "www-data"))
        #expect(named.user == "www-data")
        #expect(Process(identity: 1, description: .sample, placement: Placement()).user == "33")
    }

    @Test func programIsTheExeOrElseTheName() {
        #expect(
            Process(identity: 1, description: .sample, placement: Placement()).program
                == Array("/usr/bin/php8.2".utf8))
        var description = ProcessDescription.sample
        description.exe = []
        #expect(Process(identity: 1, description: description, placement: Placement()).program == Array("php".utf8))
    }

    @Test func everyGapHasItsOwnName() {
        let names = ProcessDescription.Gaps.names.map { "\($0.name)" }
        #expect(
            names == [
                "argv-unreadable", "argv-truncated", "exe-truncated", "cwd-truncated", "cgroup-truncated",
                "description-lost", "root-truncated",
            ])
        #expect(Set(ProcessDescription.Gaps.names.map(\.gap.rawValue)).count == names.count)
    }
}

/// Arguments with bars for the zeros, as these would also stand in the output of the tests.
private func zeroed(_ argv: String) -> [UInt8] { argv.utf8.map { $0 == UInt8(ascii: "|") ? 0 : $0 } }
