import Foundation
import TestSupport
import Testing

/// `record` and what reads it, as a user runs them, with real connects.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(10)))
struct RecordTests {
    private let port = 10_103
    private let folder = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID())").path
    private var database: String { folder + "/history.db" }

    private func connect(_ count: Int, _ address: String = "127.77.4.1") throws {
        try shell("\(Repository.connector) once --repeat \(count) \(address) \(port)")
    }

    private func wait(_ condition: () throws -> Bool) rethrows {
        let end = Date(timeIntervalSinceNow: 60)
        while try !condition(), Date() < end { usleep(20_000) }
    }

    private func ask(_ command: String, _ arguments: String...) throws -> Child.Result {
        try Child([Repository.mailsnoop, command, "--database", database] + arguments).end()
    }

    /// One that has said that it runs.
    private func recorder(_ arguments: String...) throws -> Child {
        let child = try Child(
            [Repository.mailsnoop, "record", "--database", database, "--port", "\(port)", "--no-dns"] + arguments)
        try wait { try !child.isRunning || ask("status").status == 0 }
        #expect(child.isRunning)
        return child
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)) ?? ""
    }

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.contains("\"127.77.4.1\"") }
    }

    @Test func exportHasTheRowsOfATrace() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let trace = try Child([Repository.mailsnoop, "trace", "--port", "\(port)", "--no-dns", "--format", "csv"])
        let header = trace.line()
        let recorder = try recorder()
        try connect(23)
        recorder.kill(SIGTERM)
        trace.kill(SIGTERM)
        #expect(recorder.end().status == 0)
        let export = try ask("export")
        #expect(export.status == 0 && export.errors.isEmpty)
        #expect(export.lines.first == header.trimmingCharacters(in: .newlines))
        #expect(export.lines.count == 24)
        // Two probes do not read the clock at once.
        let times = Set(
            header.split(separator: ",").enumerated().filter {
                ["time", "duration_s", "established", "end", "process_start"].contains($1)
            }.map(
                \.offset))
        func rows(_ lines: some Sequence<String>) -> Set<[Substring]> {
            Set(
                lines.map { line in
                    line.split(separator: ",", omittingEmptySubsequences: false).enumerated().filter {
                        !times.contains($0.offset)
                    }
                    .map(\.element)
                })
        }
        let equal = rows(export.lines.dropFirst()) == rows(trace.end().lines)
        #expect(equal)
        // As programs read it.
        try Data(export.output).write(to: URL(filePath: folder + "/export.csv"))
        let read = try Child([
            "python3", "-c",
            "import csv, sys; print(len({len(row) for row in csv.reader(open(sys.argv[1], newline=''))}))",
            folder + "/export.csv",
        ]).end()
        #expect(read.text == "1\n")
        let json = try ask("export", "--format", "json").lines
        #expect(json.count == 23)
        for line in json { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        #expect(try ask("export", "--dst", "127.77.4.2").lines.count == 1)
        #expect(try ask("export", "--until", "1h ago").lines.count == 1)
        let senders = try ask("senders", "--since", "1h ago")
        #expect(senders.status == 0)
        #expect(senders.lines.count == 2)
        #expect(senders.lines.last?.hasSuffix(Repository.connector) == true)
        #expect(senders.lines.last?.split(separator: " ").prefix(3) == ["23", "23", "1"])
        #expect(try ask("status").status == 1)
    }

    @Test func aLogMayBeRotatedByEitherWay() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let recorder = try recorder("--format", "json", "--output", folder + "/log.json")
        try connect(23)
        wait { lines(text("log.json")).count == 23 }
        func rotate(_ way: String) throws {
            try "\(folder)/log.json {\n rotate 5\n \(way)\n}\n".write(
                toFile: folder + "/rotate", atomically: true, encoding: .utf8)
            #expect(
                try Child(["logrotate", "--force", "--state", folder + "/state", folder + "/rotate"]).end().status == 0)
        }
        try rotate("copytruncate")
        try connect(29)
        wait { lines(text("log.json")).count == 29 }
        try rotate("nocreate\n postrotate\n kill -HUP \(recorder.pid)\n endscript")
        try connect(31)
        wait { lines(text("log.json")).count == 31 }
        recorder.kill(SIGTERM)
        #expect(recorder.end().status == 0)
        #expect(["log.json", "log.json.1", "log.json.2"].map { lines(text($0)).count } == [31, 29, 23])
        for line in lines(text("log.json") + text("log.json.1") + text("log.json.2")) {
            _ = try JSONSerialization.jsonObject(with: Data(line.utf8))
        }
    }

    @Test func aConfigurationIsReadAnewAtSIGHUP() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        func configure(_ text: String) throws {
            try text.write(toFile: folder + "/mailsnoop.toml", atomically: true, encoding: .utf8)
        }
        try configure("temporary_folders = [\"/none\"]\n")
        let recorder = try recorder(
            "--config", folder + "/mailsnoop.toml", "--format", "json", "--output", folder + "/log")
        try connect(3)
        wait { lines(text("log")).count == 3 }
        try configure("temporary_folders = [\"\(Repository.build)\"]\n")
        recorder.kill(SIGHUP)
        try wait {
            try connect(1)
            return text("log").contains("\"exe-in-temporary-folder\"")
        }
        let count = lines(text("log")).count
        try configure("temporary_folders = 5\n")
        recorder.kill(SIGHUP)
        try connect(3)
        wait { lines(text("log")).count >= count + 3 }
        recorder.kill(SIGTERM)
        let result = recorder.end()
        #expect(result.status == 0)
        #expect(result.errors.contains("it goes on by the configuration before"))
        #expect(lines(text("log")).suffix(3).allSatisfy { $0.contains("\"exe-in-temporary-folder\"") })
        #expect(lines(text("log")).prefix(3).allSatisfy { !$0.contains("\"exe-in-temporary-folder\"") })
    }

    /// sd_notify(3), as systemd reads it: a socket of datagrams, each of lines.
    @Test func theServiceManagerIsTold() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try "".write(toFile: folder + "/mailsnoop.toml", atomically: true, encoding: .utf8)
        let manager = try Child([
            "python3", "-uc",
            """
            import socket, sys
            receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            receiver.bind(sys.argv[1])
            print("bound")
            while True: print(receiver.recv(4096).decode().replace("\\n", "|"))
            """, folder + "/notify",
        ])
        #expect(manager.line() == "bound")
        func next(_ beginning: String) -> String {
            for _ in 0..<400 {
                let line = manager.line()
                if line.isEmpty || line.hasPrefix(beginning) { return line }
            }
            return ""
        }
        let recorder = try Child([
            "env", "NOTIFY_SOCKET=\(folder)/notify", "WATCHDOG_USEC=400000", Repository.mailsnoop, "record",
            "--database", database, "--port", "\(port)", "--no-dns", "--config", folder + "/mailsnoop.toml",
        ])
        #expect(next("READY") == "READY=1")
        // Two of them: it is told again and again.
        #expect(next("WATCHDOG") == "WATCHDOG=1|STATUS=0 connections written, 0 not written, 0 lost")
        try connect(3)
        #expect(next("WATCHDOG=1|STATUS=3 ").hasPrefix("WATCHDOG=1|STATUS=3 connections written, 0 not written, "))
        try "ports = 5\n".write(toFile: folder + "/mailsnoop.toml", atomically: true, encoding: .utf8)
        recorder.kill(SIGHUP)
        #expect(next("RELOADING").wholeMatch(of: /RELOADING=1\|MONOTONIC_USEC=[0-9]+/) != nil)
        #expect(next("") == "READY=1")
        #expect(next("WATCHDOG").hasSuffix("; uses the previous configuration, as the current one has an error"))
        try "".write(toFile: folder + "/mailsnoop.toml", atomically: true, encoding: .utf8)
        recorder.kill(SIGHUP)
        #expect(next("RELOADING") != "")
        #expect(!next("WATCHDOG").contains("configuration"))
        recorder.kill(SIGTERM)
        #expect(next("STOPPING") == "STOPPING=1|STATUS=Writing the last connections")
        #expect(recorder.end().status == 0)
    }

    @Test func whatStandsInTheWayIsSaid() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try ask("status").status == 66)
        let recorder = try recorder()
        let second = try ask("record")
        #expect(second.status == 75)
        #expect(second.errors.contains("another recorder writes to the database"))
        recorder.kill(SIGTERM)
        recorder.end()
        for command in ["status", "senders", "export"] {
            let refused = try mailsnoop(command, "--database", database, user: "nobody")
            #expect(refused.status == 77)
            #expect(refused.output.count < 2000 && refused.errors.contains("cannot be read: Permission denied"))
        }
        try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: database))
        for command in ["record", "status", "senders", "export"] {
            let damaged = try ask(command)
            #expect(damaged.status == 65)
            #expect(damaged.errors.contains("is damaged"))
        }
        #expect(try ask("record").errors.contains("--move-aside"))
        let fresh = try self.recorder("--move-aside")
        fresh.kill(SIGTERM)
        #expect(fresh.end().errors.contains("it is now \(database).damaged-"))
        let aside = try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.contains(".damaged-") }
        #expect(
            try Data(contentsOf: URL(filePath: folder + "/" + #require(aside))) == Data(repeating: 0x41, count: 8192))
        #expect(try ask("record", "--database", "/proc/no/history.db").status == 73)
    }
}
