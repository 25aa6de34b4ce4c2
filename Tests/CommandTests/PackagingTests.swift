import Foundation
import TestSupport
import Testing

/// What is made of the program's own words for a package. `sudo make try-packages` installs it.
@Suite(.timeLimit(.minutes(10)))
struct PackagingTests {
    private static let commands = [
        "top", "trace", "record", "export", "senders", "match", "note", "status", "doctor", "demo",
    ]

    @Test func eachCommandHasAManualPage() throws {
        let folder = NSTemporaryDirectory() + "manual-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try shell("\(Repository.tests)/../packaging/manual \(Repository.mailsnoop) \(folder)")
        #expect(made.status == 0, "\(made.errors)")
        let names = ["mailsnoop"] + Self.commands.map { "mailsnoop-\($0)" }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == names.map { "\($0).8" }.sorted())
        for name in names {
            let page = try shell("groff -man -ww -Tutf8 -P-cbou \(folder)/\(name).8")
            #expect(page.status == 0 && page.errors.isEmpty, "\(page.errors)")
            for section in ["NAME", "SYNOPSIS", "OPTIONS", "SEE ALSO"] { #expect(page.text.contains(section)) }
        }
        let trace = try shell("groff -man -Tascii -P-cbou \(folder)/mailsnoop-trace.8").text
        for option in ["--port", "--fail-on", "--seconds", "--format"] { #expect(trace.contains(option)) }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsAreReadByTheirShell(name: String) throws {
        let script = try mailsnoop("--generate-completion-script", name)
        #expect(script.status == 0)
        for command in Self.commands { #expect(script.text.contains(command)) }
        let file = NSTemporaryDirectory() + "completion-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data(script.output).write(to: URL(filePath: file))
        let result = try shell("\(name) -n \(file)")
        #expect(result.status == 0, "\(result.errors)")
    }

    /// The service runs what the package installs, and nothing enables it.
    @Test func theUnitIsThatOfTheRecorder() throws {
        let unit = try String(contentsOfFile: "\(Repository.tests)/../packaging/mailsnoop.service", encoding: .utf8)
        #expect(unit.contains("\nExecStart=/usr/local/sbin/mailsnoop record\n"))
        let settings = try String(contentsOfFile: "\(Repository.tests)/../packaging/mailsnoop.toml", encoding: .utf8)
        // As it is installed it says nothing.
        #expect(settings.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
    }
}
