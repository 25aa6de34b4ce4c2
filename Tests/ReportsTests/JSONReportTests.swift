import Foundation
import MailWatch
import Reports
import Testing

struct JSONReportTests {
    @Test func closedConnectionHasTheNamesOfECS() throws {
        let placement = Placement(
            userName: "www-data", effectiveUserName: "mail", unit: "php.service", container: "web1")
        let json = try Document(connection(.closed, placement: placement))
        let texts = [
            "@timestamp": "2018-02-13T02:54:09.000000001Z", "event.kind": "event", "event.outcome": "success",
            "event.action": "connection-closed", "event.start": "2018-02-13T02:54:09.000000001Z",
            "event.end": "2018-02-13T02:54:10.500000001Z", "source.ip": "198.51.100.7",
            "destination.ip": "192.0.2.25", "network.transport": "tcp", "network.type": "ipv4",
            "network.direction": "egress", "process.name": "php", "process.executable": "/usr/bin/php8.2",
            "process.command_line": "php send.php --to=a b", "process.working_directory": "/var/www",
            "process.start": "2018-02-13T02:54:01.000000007Z", "process.entity_id": "4242-1000000007",
            "process.thread.name": "worker", "process.real_user.id": "33", "process.real_user.name": "www-data",
            "process.real_group.id": "34", "process.group.id": "36", "process.parent.name": "sh",
            "process.parent.user.id": "33", "user.id": "35", "user.name": "mail", "host.name": "mx1.example.net",
            "container.id": "web1", "mailsnoop.state": "closed", "mailsnoop.process.unit": "php.service",
            "mailsnoop.established": "2018-02-13T02:54:09.012345679Z",
            "mailsnoop.process.cgroup": "/system.slice/php.service",
        ]
        for (name, value) in texts { #expect(json.text(name) == value, "\(name)") }
        let numbers = [
            "event.duration": 1_500_000_000, "source.port": 40_961, "source.bytes": 1009, "destination.port": 25,
            "destination.bytes": 2003, "process.pid": 4242, "process.args_count": 3, "process.thread.id": 4243,
            "process.parent.pid": 17, "mailsnoop.socket_cookie": 4099,
            "mailsnoop.process.network_namespace": 4_026_531_993, "mailsnoop.process.cgroup_id": 7919,
            "mailsnoop.process.login_uid": 1000,
        ]
        for (name, value) in numbers { #expect(json.number(name) == value, "\(name)") }
        #expect(json["event.category"] as? [String] == ["network"])
        #expect(json["event.type"] as? [String] == ["connection", "end"])
        #expect(json["process.args"] as? [String] == ["php", "send.php", "--to=a b"])
        #expect(json["mailsnoop.process.gaps"] as? [String] == [])
        #expect((json["mailsnoop.process.ancestors"] as? [[String: Any]])?.compactMap { $0["pid"] as? Int } == [17, 1])
    }

    @Test func connectionThatLastsHasNoEnd() throws {
        let json = try Document(connection(.connecting, destination: "2001:db8::19"))
        #expect(json["event.type"] as? [String] == ["connection", "start"])
        #expect(json.text("event.outcome") == "unknown")
        #expect(json.text("network.type") == "ipv6")
        for name in [
            "event.end", "event.duration", "source.ip", "source.port", "source.bytes", "destination.bytes",
            "mailsnoop.error", "mailsnoop.established", "container.id", "user.name",
        ] { #expect(json[name] == nil, "\(name)") }
        #expect(try Document(connection(.open)).text("event.outcome") == "success")
    }

    @Test func refusedConnectionIsAFailure() throws {
        let json = try Document(connection(.refused))
        #expect(json.text("event.outcome") == "failure")
        #expect(json.text("mailsnoop.error") == "ECONNREFUSED")
    }

    @Test(arguments: Hostile.texts)
    func bytesAreExactOrHaveACompanionThatIs(text: [UInt8]) throws {
        let json = try Document(connection(.closed, .hostile(text), threadName: text))
        let isUTF8 = String(validating: text, as: UTF8.self) != nil
        let names = ["process.name", "process.thread.name", "process.parent.name", "mailsnoop.process.cgroup"]
        for name in names + (text.isEmpty ? [] : ["process.executable", "process.working_directory"]) {
            let exact = json.text("\(name)_base64").flatMap { Data(base64Encoded: $0) }.map(Array.init)
            #expect(exact == (isUTF8 ? nil : text), "\(name)")
            if isUTF8 { #expect(json.text(name).map { Array($0.utf8) } == text, "\(name)") }
        }
    }

    @Test func argumentsAreExact() throws {
        var process = ProcessDescription.sample
        process.argv = Array("a b\0\0\"\\\n\0é\u{202E}\0".utf8)
        let json = try Document(connection(.closed, process))
        #expect(json["process.args"] as? [String] == ["a b", "", "\"\\\n", "é\u{202E}"])
        #expect(json["process.args_base64"] == nil)
    }

    /// Lengths of all remainders by three.
    @Test func argumentsThatAreNoTextHaveACompanion() throws {
        let arguments: [[UInt8]] = [[0xFF], [0xFE, 0x41], [0x41, 0xC3, 0x28], [0x80, 0x81, 0x82, 0x83], [0x62]]
        var process = ProcessDescription.sample
        process.argv = arguments.flatMap { $0 + [0] }
        let json = try Document(connection(.closed, process))
        let exact = try #require(json["process.args_base64"] as? [String])
        #expect(exact.compactMap { Data(base64Encoded: $0) }.map(Array.init) == arguments)
        #expect((json["process.args"] as? [String])?.last == "b")
    }

    /// As in CSV.
    @Test func laterDescriptionOfAnIdentityIsTheOneThatIsWritten() throws {
        var report = JSONReport(host: "mx1")
        var line: [UInt8] = []
        report.append(try connection(.closed), clock: clock, to: &line)
        line = []
        var process = ProcessDescription.sample
        process.cwd = Array("/tmp".utf8)
        process.isExeDeleted = true
        report.append(try connection(.closed, process), clock: clock, to: &line)
        let json = try Document(line)
        #expect(json.text("process.working_directory") == "/tmp")
        #expect(json["mailsnoop.process.exe_deleted"] as? Bool == true)
    }

    @Test func summaryIsALineOfItsOwn() throws {
        var ledger = Ledger()
        let sample = try connection(.closed, .hostile([0xFF, 0x0A]))
        ledger.note(.opened(sample))
        ledger.note(.ended(sample))
        var losses = Losses()
        losses.ends = 3
        let summary = Summary(
            ledger: ledger, losses: losses, hook: "kprobe/tcp_connect", stillOpen: 2, unwritten: 5, duration: 97)
        var line: [UInt8] = []
        JSONReport(host: "mx1").append(summary: summary, time: clock.wallTime(0), to: &line)
        let json = try Document(line)
        #expect(json.text("@timestamp") == "2018-02-13T02:54:00.000000000Z")
        #expect(json.text("event.kind") == "metric")
        #expect(json.text("mailsnoop.hook") == "kprobe/tcp_connect")
        #expect(json.number("mailsnoop.connects") == 1)
        #expect(json.number("mailsnoop.open") == 2)
        #expect(json.number("mailsnoop.lost.ends") == 3)
        #expect(json.number("mailsnoop.lost.connects") == 0)
        #expect(json.number("mailsnoop.lost.unwritten") == 5)
        let senders = try #require(json["mailsnoop.senders"] as? [[String: Any]])
        #expect(senders.count == 1)
        #expect(senders.first?["executable_base64"] as? String == "/wo=")
    }
}
