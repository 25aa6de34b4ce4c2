import Foundation
import TestSupport
import Testing

/// `mailsnoop trace` and `doctor` as a user runs them, with real connects.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(10)))
struct TraceTests {
    private let port = 10_061

    /// Begins a trace that has said its header: the probe is attached by then.
    private func trace(_ arguments: String...) throws -> Child {
        let session = try Child([Repository.mailsnoop, "trace", "--port", "\(port)"] + arguments)
        #expect(session.line().isEmpty == false)
        return session
    }

    private func connect(_ count: Int, _ address: String = "127.77.3.1") throws {
        try shell("\(Repository.connector) once --repeat \(count) \(address) \(port)")
    }

    @Test func theTableHasALineForEachConnection() throws {
        let session = try trace()
        try connect(23)
        session.kill(SIGINT)
        let result = session.end()
        #expect(result.status == 0)
        #expect(result.lines.filter { $0.contains("127.77.3.1:\(port)") && $0.contains("refused") }.count == 23)
        #expect(result.text.contains("23 connects in "))
        #expect(result.text.hasSuffix("lost: nothing\n"))
    }

    @Test func csvRowsArePureAndTheSummaryIsOnStderr() throws {
        let session = try trace("--format", "csv")
        try connect(23)
        session.kill(SIGTERM)
        let result = session.end()
        #expect(result.status == 0)
        #expect(result.lines.count == 23)
        #expect(result.output.suffix(2) == Array("\r\n".utf8)[...])
        #expect(result.errors.contains("23 connects in "))
        #expect(result.errors.contains("lost: nothing"))
    }

    @Test func jsonEndsWithTheSummary() throws {
        let session = try Child([Repository.mailsnoop, "trace", "--port", "\(port)", "--format", "json"])
        // JSON has no header: its first row says that the probe is attached.
        let prober = try Child([
            "bash", "-c", "while :; do \(Repository.connector) once 127.77.3.2 \(port); sleep 0.05; done",
        ])
        #expect(session.line().hasPrefix("{"))
        prober.kill(SIGKILL)
        try connect(23)
        session.kill(SIGINT)
        let objects = try session.end().lines.map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        let destinations = objects.compactMap { ($0?["destination"] as? [String: Any])?["ip"] as? String }
        #expect(destinations.filter { $0 == "127.77.3.1" }.count == 23)
        let own = objects.last??["mailsnoop"] as? [String: Any]
        #expect((own?["lost"] as? [String: Any])?["connects"] as? Int == 0)
    }

    @Test func whatIsOpenAtTheEndIsTold() throws {
        let listener = try Child([Repository.connector, "listen", "--accept-not", "127.0.0.1", "\(port)"])
        _ = listener.line()
        let session = try trace("--format", "csv")
        let holder = try Child([Repository.connector, "once", "--hold", "60000", "127.0.0.1", "\(port)"])
        try connect(1)
        // The row of the later, refused one: the earlier one has been seen.
        #expect(session.line().contains("127.77.3.1"))
        session.kill(SIGINT)
        let result = session.end()
        #expect(result.lines.count == 1)
        #expect(result.lines.first?.split(separator: ",")[1] == "open")
        #expect(result.errors.contains("1 still open"))
        holder.kill(SIGKILL)
        listener.kill(SIGKILL)
    }

    @Test func filtersChoose() throws {
        let session = try trace("--format", "csv", "--user", "nobody", "--exe", "*/connector", "--comm", "connector")
        try connect(3)
        try shell("setpriv --reuid nobody --clear-groups \(Repository.connector) once 127.77.3.3 \(port)")
        try shell("setpriv --reuid nobody --clear-groups bash -c '</dev/tcp/127.77.3.4/\(port)'")
        session.kill(SIGINT)
        let result = session.end()
        #expect(result.lines.count == 1)
        #expect(result.text.contains("127.77.3.3"))
    }

    /// A storm comes from more processes than there are cores; what the user chose stays.
    @Test(arguments: [([], "-10"), (["nice", "-n", "7"], "7")])
    func itComesBeforeABusyHost(prefix: [String], niceness: String) throws {
        let session = try Child(prefix + [Repository.mailsnoop, "trace", "--port", "\(port)"])
        #expect(!session.line().isEmpty)
        let ps = try Child(["ps", "-o", "ni=", "-p", "\(session.pid)"])
        #expect(ps.end().text.trimmingCharacters(in: .whitespaces.union(.newlines)) == niceness)
        session.kill(SIGINT)
        session.end()
    }

    @Test func secondsEndIt() throws {
        let result = try mailsnoop("trace", "--seconds", "1", "--port", "\(port)")
        #expect(result.status == 0)
        #expect(result.text.contains(" connects in 1 s"))
    }

    @Test func aReaderThatGoesAwayEndsItQuietly() throws {
        let session = try trace()
        session.stopReading()
        try connect(1)
        let result = session.end()
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
    }

    @Test func aStoppedConsumerLosesNothing() throws {
        let session = try trace("--format", "csv")
        session.kill(SIGSTOP)
        try shell(
            "\(Repository.connector) spawn --processes 40 --count 1009 --program \(Repository.connector) 127.77.3.5 \(port); sleep 2"
        )
        session.kill(SIGCONT)
        session.kill(SIGINT)
        let result = session.end()
        #expect(result.errors.contains("lost: nothing"))
        let markers = result.lines.compactMap { $0.firstMatch(of: /id=[0-9]+/)?.output }
        #expect(Set(markers) == Set((0..<1009).map { "id=\($0)" }))
    }

    @Test(arguments: ["table", "csv", "json"])
    func lossIsShown(format: String) throws {
        let session = try Child(
            [Repository.mailsnoop, "trace", "--port", "\(port)", "--ring-kib", "64", "--format", format])
        let prober = try Child([
            "bash", "-c", "while :; do \(Repository.connector) once 127.77.3.2 \(port); sleep 0.05; done",
        ])
        _ = session.line()
        if format != "json" { _ = session.line() }
        prober.kill(SIGKILL)
        session.kill(SIGSTOP)
        try shell("\(Repository.connector) storm --count 2003 127.77.3.6 \(port)")
        session.kill(SIGCONT)
        session.kill(SIGINT)
        let result = session.end()
        let said = format == "csv" ? result.errors : result.text
        let pattern = format == "json" ? /"lost":{"connects":([0-9]+)/ : /lost: connects ([0-9]+)/
        let lost = try #require(said.matches(of: pattern).last.flatMap { Int($0.output.1) })
        #expect(lost > 0)
        let rows = result.lines.filter { $0.contains("127.77.3.6") }.count
        #expect(rows + lost >= 2003)
        if format == "csv" { #expect(result.lines.allSatisfy { $0.hasPrefix("20") }) }
    }

    @Test func aFileThatCannotBeWrittenIsSaid() throws {
        let result = try mailsnoop("trace", "--output", "/proc/no/such", "--seconds", "1")
        #expect(result.status == 73)
        #expect(result.errors.contains("cannot write /proc/no/such: No such file or directory. Choose another file"))
    }

    @Test func aFullDiskKeepsWholeRows() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID())").path
        try shell("mkdir \(folder) && mount -t tmpfs -o size=64k tmpfs \(folder)")
        defer { _ = try? shell("umount \(folder); rmdir \(folder)") }
        let session = try Child(
            [Repository.mailsnoop, "trace", "--port", "\(port)", "--format", "csv", "--output", "\(folder)/trace.csv"])
        let load = try Child(
            [
                "bash", "-c",
                "for i in $(seq 1009); do \(Repository.connector) once --repeat 97 127.77.3.7 \(port); done",
            ])
        let result = session.end()
        load.kill(SIGKILL)
        #expect(result.status == 74)
        #expect(result.errors.contains("No space left on device. What was written up to there is whole."))
        let text = try String(contentsOfFile: "\(folder)/trace.csv", encoding: .utf8)
        #expect(text.utf8.count > 32_768)
        #expect(text.hasSuffix("\r\n"))
        let rows = text.split(separator: "\r\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(rows.allSatisfy { $0.count == rows[0].count })
    }

    @Test func withoutCapabilitiesItSaysWhichAreMissing() throws {
        let result = try mailsnoop("trace", "--seconds", "1", user: "nobody")
        #expect(result.status == 77)
        #expect(result.errors.contains("CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN are missing. Run it as root"))
        let doctor = try mailsnoop("doctor", user: "nobody")
        #expect(doctor.status == 2)
        #expect(doctor.text.contains("CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN missing"))
        #expect(doctor.text.contains("CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH missing, so owner, hash"))
    }

    @Test func doctorFindsThisMachineUsable() throws {
        let result = try mailsnoop("doctor", "--format", "json")
        let object = try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any]
        #expect(object?["exit_status"] as? Int == Int(result.status))
        #expect(result.status < 2)
        let checks = object?["checks"] as? [[String: Any]] ?? []
        #expect(checks.filter { ($0["name"] as? String)?.hasPrefix("hook ") == true }.count == 3)
        #expect(checks.contains { ($0["detail"] as? String)?.hasSuffix(": used") == true })
        #expect(checks.contains { $0["name"] as? String == "scripts" && $0["status"] as? String == "ok" })
    }

    /// The usual programs of a server, each with its whole command line, exe and outcome.
    @Test(arguments: [
        ("nc -w1 127.77.4.1 PORT", "/usr/bin/nc.openbsd"), ("bash -c '</dev/tcp/::1/PORT'", "/usr/bin/bash"),
        ("/usr/bin/python3 -c 'import smtplib; smtplib.SMTP(\"127.77.4.2\", PORT)'", "/usr/bin/python3"),
        ("swaks --server 127.77.4.3:PORT --to a@example.org --from b@example.org", "/usr/bin/perl"),
        ("curl -s smtp://127.77.4.4:PORT", "/usr/bin/curl"),
    ])
    func usualProgramsAreSeen(command: String, exe: String) throws {
        let session = try trace("--format", "csv")
        try shell(command.replacing("PORT", with: "\(port)"))
        session.kill(SIGINT)
        let result = session.end()
        let row = try #require(result.lines.first)
        #expect(row.contains(",refused,"))
        #expect(row.contains(exe))
        let lastWord = command.split(separator: " ").last!.trimmingCharacters(in: CharacterSet(charactersIn: "')"))
        #expect(row.contains(lastWord.replacing("PORT", with: "\(port)")))
        #expect(row.contains(",root,0,0,0,0,"))
    }
}
