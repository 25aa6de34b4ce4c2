import MailWatch
import Testing

struct ProcessDescriptionTests {
    @Test(arguments: [
        ("php|send.php|", ["php", "send.php"]), ("php", ["php"]), ("a|b", ["a", "b"]),
        ("a||b|", ["a", "", "b"]), ("|a|", ["", "a"]), ("nginx: worker||||", ["nginx: worker"]),
        ("a||", ["a", ""]), ("a|b|", ["a", "b"]), ("a||b||", ["a", "", "b", ""]), ("title|||", ["title"]),
        ("", []), ("|", []), ("|||", []), ("a b|", ["a b"]),
    ])
    func argumentsAreWhatStandsBetweenZeros(argv: String, arguments: [String]) {
        var process = ProcessDescription()
        process.argv = zeroed(argv)
        #expect(process.arguments.map { String(decoding: $0, as: UTF8.self) } == arguments)
    }

    /// What is as it was at exec has no padding.
    @Test(arguments: [
        ("a|||", "a|||", ["a", "", ""]), ("a||||", "a||||", ["a", "", "", ""]), ("a|||", "a|b|", ["a"]),
        ("a|||", "a||", ["a"]), ("a", "a", ["a"]),
    ])
    func emptyArgumentsAtTheEndAreCounted(argv: String, atExec: String, arguments: [String]) {
        var process = ProcessDescription()
        process.argv = zeroed(argv)
        var execution = ProcessDescription.Execution()
        execution.argv = zeroed(atExec)
        process.execution = execution
        #expect(process.arguments.map { String(decoding: $0, as: UTF8.self) } == arguments)
    }

    @Test func threadOfTheKernelIsCalledKernel() {
        var description = ProcessDescription()
        description.comm = Array("kworker/u4:1".utf8)
        func program() -> [UInt8] {
            Process(identity: 1, description: description, placement: Placement()).program
        }
        #expect(program() == Array("kworker/u4:1".utf8))
        description.isKernelThread = true
        #expect(program() == Array("kernel".utf8))
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
