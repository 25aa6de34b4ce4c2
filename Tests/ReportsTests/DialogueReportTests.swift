import Foundation
import MailWatch
import Testing

@testable import Reports

/// Dialogue and verdict in detail and JSON. The CSV's columns are in CSVReportTests.
struct DialogueReportTests {
    private func lines(_ connection: Connection, name: [UInt8] = []) -> [String] {
        var report = DetailReport()
        var bytes: [UInt8] = []
        report.append(connection, name: name, clock: clock, to: &bytes)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }

    @Test func detailTellsVerdictReasonsAndDialogue() throws {
        let lines = lines(try connection(.closed).with(.sample), name: Array("mx.example.net".utf8))
        #expect(lines[0].hasSuffix("  closed  198.51.100.7:40961 > 192.0.2.25:25 (mx.example.net)"))
        #expect(
            lines[1...11] == [
                "verdict   direct-mx", "because   it goes to port 25 of 192.0.2.25 [remote-mx]",
                "it calls itself shop.example, which is no name of this host [foreign-hello]",
                "proxy     socks5 mx.example.net:25", "greeting  220 mx.example.net ESMTP",
                "hello     EHLO shop.example",
                "auth      LOGIN", "mail from a@shop.example", "rcpt to   b@example.net",
                "messages  2 begun, 1 accepted, 3 recipients; the first said to have 1013 bytes",
                "reply     550 5.7.1 go away (then QUIT)",
            ])
        #expect(lines[12] == "unseen    line-cut")
    }

    @Test func detailTellsWhereTLSBegins() throws {
        let lines = lines(try connection(.open).with(.encrypted))
        #expect(lines.contains("tls       STARTTLS"))
        #expect(lines.contains("for       mx.example.net (server name in the ClientHello)"))
        #expect(lines.contains("unseen    encrypted"))
        #expect(!lines.contains { $0.hasPrefix("messages") })
        var refused = SMTPDialogue()
        refused.saidStartTLS = true
        #expect(self.lines(try connection(.open).with(refused)).contains("tls       STARTTLS, not begun"))
    }

    @Test func detailOfASilentConnectionHasItsVerdict() throws {
        let lines = lines(try connection(.refused))
        #expect(lines[1] == "verdict   unknown")
        #expect(!lines.contains { $0.hasPrefix("because") || $0.hasPrefix("hello") })
    }

    @Test func jsonHasTheDialogue() throws {
        var report = JSONReport(host: "mx1")
        var line: [UInt8] = []
        report.append(
            try connection(.closed).with(.sample), name: Array("mx.example.net".utf8), clock: clock, to: &line)
        let json = try Document(line)
        let texts = [
            "network.protocol": "smtp", "destination.domain": "mx.example.net", "smtp.hello": "EHLO",
            "smtp.ehlo": "shop.example", "smtp.mail_from": "a@shop.example", "smtp.rcpt_to": "b@example.net",
            "smtp.auth": "LOGIN", "smtp.greeting.text": "mx.example.net ESMTP", "smtp.reply.text": "5.7.1 go away",
            "mailsnoop.verdict": "direct-mx", "mailsnoop.proxy.kind": "socks5",
            "mailsnoop.proxy.host": "mx.example.net",
        ]
        for (name, value) in texts { #expect(json.text(name) == value, "\(name)") }
        let numbers = [
            "smtp.size": 1013, "smtp.recipients": 3, "smtp.messages": 2, "smtp.accepted": 1,
            "smtp.greeting.code": 220, "smtp.reply.code": 550, "mailsnoop.proxy.port": 25,
        ]
        for (name, value) in numbers { #expect(json.number(name) == value, "\(name)") }
        let flags = [
            "smtp.starttls": false, "smtp.encrypted": false, "smtp.data": true, "smtp.quit": true,
        ]
        for (name, value) in flags { #expect(json[name] as? Bool == value, "\(name)") }
        #expect(json["smtp.gaps"] as? [String] == ["line-cut"])
        #expect(json["tls"] == nil)
        let reasons = try #require(json["mailsnoop.reasons"] as? [[String: String]])
        #expect(
            reasons == [
                ["code": "remote-mx", "text": "it goes to port 25 of 192.0.2.25"],
                ["code": "foreign-hello", "text": "it calls itself shop.example, which is no name of this host"],
            ])
    }

    @Test func whatIsNotKnownIsAbsent() throws {
        let silent = try Document(connection(.closed))
        for name in ["smtp", "tls", "network.protocol", "destination.domain", "mailsnoop.proxy"] {
            #expect(silent[name] == nil, "\(name)")
        }
        #expect(silent.text("mailsnoop.verdict") == "unknown")
        let encrypted = try Document(connection(.closed).with(.encrypted))
        #expect(encrypted.text("tls.client.server_name") == "mx.example.net")
        #expect(encrypted["smtp.encrypted"] as? Bool == true)
        for name in [
            "mail_from", "size", "rcpt_to", "recipients", "messages", "accepted", "auth", "data", "quit", "reply",
        ] { #expect(encrypted["smtp.\(name)"] == nil, "\(name)") }
        var bounce = SMTPDialogue()
        bounce.sender = []
        #expect(try Document(connection(.closed).with(bounce)).text("smtp.mail_from") == "")
    }

    @Test(arguments: Hostile.texts)
    func bytesAreExactOrHaveACompanionThatIs(text: [UInt8]) throws {
        guard !text.isEmpty else { return }
        let json = try Document(connection(.closed).with(.hostile(text), .hostile(text)))
        let isUTF8 = String(validating: text, as: UTF8.self) != nil
        for name in [
            "smtp.ehlo", "smtp.mail_from", "smtp.rcpt_to", "smtp.auth", "smtp.greeting.text", "smtp.reply.text",
            "tls.client.server_name", "mailsnoop.proxy.host",
        ] {
            let exact = json.text("\(name)_base64").flatMap { Data(base64Encoded: $0) }.map(Array.init)
            #expect(exact == (isUTF8 ? nil : text), "\(name)")
            if isUTF8 { #expect(json.text(name).map { Array($0.utf8) } == text, "\(name)") }
        }
    }

    @Test func verdictsAreCountedInTheirOrder() {
        #expect(verdictText([.directMX: 41, .mta: 3]) == "3 mta, 41 direct-mx")
        #expect(verdictText([:]) == "")
    }
}
