import MailWatch
import Reports
import Testing

/// What was written is read, and written again: it is the same.
struct JSONRecordTests {
    private func line(_ connection: Connection, _ name: [UInt8] = [], _ clock: WallClock) -> [UInt8] {
        var report = JSONReport(host: "mx1.example.net")
        var line: [UInt8] = []
        report.append(connection, name: name, clock: clock, to: &line)
        return line
    }

    private func expectSame(
        _ connection: Connection, _ name: [UInt8] = [], _ location: SourceLocation = #_sourceLocation
    ) throws {
        let line = line(connection, name, WallClock(bootTime: 0))
        let record = try #require(JSONRecord(line: line, id: 7), sourceLocation: location)
        #expect(record.connection.id == 7, sourceLocation: location)
        #expect(record.host == "mx1.example.net", sourceLocation: location)
        #expect(JSONRecord.time(ofLine: line) == record.connection.connectTime, sourceLocation: location)
        let again = self.line(record.connection, record.name, WallClock(bootTime: 0))
        // A whole line says too little of what is another.
        let difference = zip(again.split(separator: 0x2C), line.split(separator: 0x2C)).first { $0 != $1 }
        let text = difference.map { [$0.0, $0.1].map { String(decoding: $0.prefix(200), as: UTF8.self) } }
        #expect(text == nil, sourceLocation: location)
        #expect(again.count == line.count, sourceLocation: location)
    }

    @Test(arguments: [Stage.connecting, .open, .closed, .refused])
    func connectionIsTheSame(stage: Stage) throws {
        let placement = Placement(
            userName: "www-data", effectiveUserName: "shop", unit: "php8.2-fpm.service", container: "0123456789ab")
        try expectSame(connection(stage, placement: placement), Array("mx.example.net".utf8))
        try expectSame(connection(stage, php: .sample))
        try expectSame(connection(stage, origin: .sample))
        try expectSame(connection(stage, php: .sample, origin: .sample))
    }

    @Test(arguments: Hostile.texts)
    func hostileTextIsTheSame(text: [UInt8]) throws {
        var context = PHPContext.sample
        context.host = text
        context.path = text
        context.method = text
        context.client = text
        context.script = text
        context.pool = text
        context.frames[1].file = text
        context.frames[1].function = text
        var dialogue = SMTPDialogue()
        dialogue.hello = .ehlo
        dialogue.helloName = text
        dialogue.sender = text
        dialogue.recipient = text
        dialogue.recipients = 3
        dialogue.messages = 2
        dialogue.greeting = .init(code: 220, text: text)
        dialogue.lastReply = .init(code: 250, text: text)
        dialogue.serverName = text
        dialogue.proxy = .init(kind: .socks5, host: text, port: 25)
        dialogue.gaps = [.lineCut]
        let whole = try connection(.closed, .hostile(text), threadName: text, php: context)
        try expectSame(whole.with(dialogue, Judgement(.directMX, [Reason(.remoteMX, text)])), text)
        try expectSame(try connection(.closed, .hostile(text), threadName: text, origin: context), text)
    }

    /// What stands in a file may be anybody's.
    @Test(arguments: [
        "", "{}", "[]", "null", "not JSON",
        #"{"@timestamp":"2026-01-31T00:00:00.000000000Z","event":{"kind":"metric"}}"#,
        #"{"@timestamp":"2026-01-31T00:00:00Z","event":{"kind":"event"},"mailsnoop":{"state":"closed"}}"#,
        #"{"@timestamp":"2026-99-31T00:00:00.00000000xZ","event":{"kind":"event"},"mailsnoop":{"state":"closed"}}"#,
        #"{"@timestamp":"2026-01-31T00:00:00.000000000Z","event":{"kind":"event"},"mailsnoop":{"state":"none"}}"#,
    ])
    func whatIsNoneIsNone(line: String) {
        #expect(JSONRecord(line: Array(line.utf8), id: 1) == nil)
    }

    @Test func numbersThatAreTooLargeEndNothing() throws {
        let line = #"""
            {"@timestamp":"2026-01-31T00:00:00.000000000Z","event":{"kind":"event","end":"1969-01-01T00:00:00.000000000Z"},
            "mailsnoop":{"state":"closed","process":{"network_namespace":18446744073709551615},
            "proxy":{"kind":"http","port":70000},"script":{"evidence":"stack","line":9999999999,"php":{"pid":4294967296}}},
            "process":{"pid":18446744073709551615,"thread":{"id":99999999999},"real_user":{"id":"99999999999"}},
            "destination":{"port":99999,"ip":"300.1.1.1"},"smtp":{"recipients":99999999999,"reply":{"code":70000}}}
            """#
        let record = try #require(JSONRecord(line: Array(line.utf8), id: 1))
        #expect(record.connection.process.description.pid == .max)
        #expect(record.connection.process.description.uid == nil)
        #expect(record.connection.destination.port == 0)
        #expect(record.connection.endTime == nil)
    }

    /// Bytes of a line are changed in turn.
    @Test func damagedLinesEndNothing() throws {
        let line = line(try connection(.closed, php: .sample), Array("mx".utf8), clock)
        for index in stride(from: 0, to: line.count, by: 3) {
            for byte: UInt8 in [0x22, 0x39, 0xFF] {
                var damaged = line
                damaged[index] = byte
                _ = JSONRecord(line: damaged, id: 1)
                _ = JSONRecord.time(ofLine: damaged)
            }
        }
    }
}
