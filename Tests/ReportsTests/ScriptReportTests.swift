import Foundation
import MailWatch
import Reports
import Testing

/// Scripts in every output. The CSV's columns are in CSVReportTests.
struct ScriptReportTests {
    private func table(_ connection: Connection, width: Int? = nil) -> String {
        var report = TableReport(width: width)
        var bytes: [UInt8] = []
        report.append(connection, clock: clock, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func detail(_ connection: Connection, sink: Sink = .text) -> [UInt8] {
        var report = DetailReport(sink: sink)
        var bytes: [UInt8] = []
        report.append(connection, clock: clock, to: &bytes)
        return bytes
    }

    @Test func tableTellsScriptRequestSiteAndPool() throws {
        #expect(
            table(try connection(.refused, php: .sample)).hasSuffix(
                #"/srv/shop/wp-content/plugins/acme/mail.php:12 Acme\\Mailer::send | POST shop.example/contact "#
                    + "from 203.0.113.9 | WordPress 6.1.6, plugin acme, in /srv/shop | pool www | "
                    + "partial: names-cut\n"))
    }

    @Test func childOfPHPShowsItsOwnCommandToo() throws {
        let line = table(try connection(.refused, origin: .cron))
        #expect(line.contains("/srv/cron.php:5 run | "))
        #expect(line.hasSuffix(" | php send.php --to=a b\n"))
    }

    private func started(_ arguments: [String], in cwd: String?) -> ProcessDescription {
        var process = ProcessDescription.sample
        process.exe = Array("/usr/bin/perl".utf8)
        process.argv = arguments.flatMap { Array($0.utf8) + [0] }
        if let cwd {
            var execution = ProcessDescription.Execution()
            execution.argv = process.argv
            execution.cwd = Array(cwd.utf8)
            process.execution = execution
        }
        return process
    }

    @Test(
        arguments: [
            (["perl", "-Mlib=x", "send2.pl", "list"], "/srv/.kit", "/srv/.kit/send2.pl | perl -Mlib=x send2.pl list"),
            (["perl", " "], "/srv", #""/srv/ " | perl " ""#),
            (["perl", "a  b.pl", "", "x"], "/", #""/a  b.pl" | perl "a  b.pl" "" x"#),
            (["perl", "a.pl", ""], "/", "/a.pl | perl a.pl \"\""),
            (["perl", "\u{A0}.pl"], "/srv", #"/srv/\u{00a0}.pl | perl \u{00a0}.pl"#),
            // To which folder it belongs is not known.
            (["perl", "send2.pl"], nil, "perl send2.pl"),
        ] as [([String], String?, String)])
    func tableTellsTheScriptWithItsFolder(arguments: [String], cwd: String?, expected: String) throws {
        #expect(table(try connection(.refused, started(arguments, in: cwd))).hasSuffix(" \(expected)\n"))
    }

    @Test func aRelativePathSaysSo() throws {
        let json = try Document(connection(.closed, started(["perl", "send2.pl"], in: nil)))
        #expect(json.text("file.path") == "send2.pl")
        #expect(json.text("mailsnoop.script.obstacle") == "unknown-directory")
        #expect(json["file.owner"] == nil && json["file.hash"] == nil)
    }

    @Test func evaluatedCodeHasTheLineOfItsFileAndItsOwn() throws {
        var context = PHPContext.cron
        context.frames[0].file += Array("(12) : eval()'d code".utf8)
        context.frames[0].line = 3
        let sample = try connection(.closed, php: context)
        #expect(table(sample).contains("/srv/cron.php:12 run | line 3 of the code evaluated there | "))
        let lines = String(decoding: detail(sample), as: UTF8.self).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        #expect(lines.contains("script    /srv/cron.php:12 (PHP's stack)"))
        #expect(lines.contains("evaluated line 3 of the code evaluated there"))
        #expect(lines.contains("stack     #0 /srv/cron.php(12) : eval()'d code:3 run"))
        let json = try Document(sample)
        #expect(json.number("mailsnoop.script.line") == 12)
        #expect(json.number("mailsnoop.script.evaluated_line") == 3)
    }

    @Test func userOfAContainerIsItsNumberAndTheContainer() throws {
        var placement = Placement(container: "web1")
        placement.hasOwnUsers = true
        #expect(table(try connection(.closed, placement: placement)).contains(" 33@web1 "))
    }

    @Test func unreadablePHPSaysWhy() throws {
        let placement = Placement(opaquePHP: "thread-safe build")
        #expect(
            table(try connection(.refused, placement: placement)).hasSuffix(
                "php send.php --to=a b | partial: thread-safe build\n"))
    }

    @Test func detailHasEveryFrame() throws {
        let text = String(decoding: detail(try connection(.closed, php: .sample, origin: .cron)), as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        for line in [
            "script    /srv/shop/wp-content/plugins/acme/mail.php:12 (PHP's stack)",
            "site      WordPress 6.1.6, plugin acme, in /srv/shop",
            "request   POST shop.example/contact from 203.0.113.9", "pool      www",
            "stack     #0 [internal] fsockopen",
            #"#1 /srv/shop/wp-content/plugins/acme/mail.php:12 Acme\\Mailer::send"#, "#2 /srv/shop/index.php:3",
            "partial   names-cut", "script    /srv/cron.php:5 (the stack of the PHP that started it)",
            "command   php send.php --to=a b",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(text.contains("it may have changed since"))
        #expect(text.hasSuffix("\n\n"))
    }

    @Test func jsonHasTheNamesOfECSAndTheStack() throws {
        let json = try Document(connection(.closed, php: .sample, origin: .cron))
        let texts = [
            "file.path": "/srv/shop/wp-content/plugins/acme/mail.php", "file.owner": "shop", "file.uid": "1013",
            "file.hash.sha256": String(repeating: "0b", count: 32), "url.domain": "shop.example",
            "file.mtime": "2018-02-13T02:53:59.000000003Z", "url.path": "/contact", "http.request.method": "POST",
            "client.address": "203.0.113.9", "mailsnoop.script.evidence": "stack",
            "mailsnoop.script.function": #"Acme\Mailer::send"#, "mailsnoop.script.application.name": "WordPress",
            "mailsnoop.script.application.version": "6.1.6", "mailsnoop.script.application.root": "/srv/shop",
            "mailsnoop.script.application.component": "plugin",
            "mailsnoop.script.application.component_name": "acme", "mailsnoop.script.php.version": "8.2",
            "mailsnoop.script.php.sapi": "fpm-fcgi", "mailsnoop.script.php.pool": "www",
            "mailsnoop.script.php.entry": "/srv/shop/index.php", "mailsnoop.origin.path": "/srv/cron.php",
        ]
        for (name, value) in texts { #expect(json.text(name) == value, "\(name)") }
        #expect(json.number("mailsnoop.script.line") == 12)
        let frames = try #require(json["mailsnoop.script.php.frames"] as? [[String: Any]])
        #expect(frames.compactMap { $0["kind"] as? String } == ["internal", "user", "user"])
        #expect(frames[1]["class"] as? String == #"Acme\Mailer"#)
        #expect(frames[1]["line"] as? Int == 12)
        #expect(json["mailsnoop.script.php.gaps"] as? [String] == ["names-cut"])
    }

    @Test func handoverGoesToTheLocalMailServer() throws {
        let handover = try handover(origin: .cron)
        #expect(table(handover).contains(" handed-over "))
        #expect(table(handover).contains(" local mail server "))
        let json = try Document(handover)
        #expect(json.text("event.action") == "mail-handed-over")
        #expect(json["destination"] == nil)
        #expect(String(decoding: detail(handover), as: UTF8.self).contains("handed-over  to the local mail server\n"))
    }

    @Test(arguments: Hostile.texts)
    func textOfPHPStaysInItsPlace(text: [UInt8]) throws {
        let placement = Placement(opaquePHP: String(decoding: text, as: UTF8.self))
        let sample = try connection(
            .closed, .hostile(text), placement: placement, php: .hostile(text), origin: .hostile(text)
        ).with(.hostile(text), .hostile(text))
        for sink in [Sink.text, .ascii] {
            let detail = detail(sample, sink: sink)
            // Its own line ends and no others, and each line has a title or goes on.
            #expect(try controls(in: detail.filter { $0 != 0x0A }).isEmpty)
            #expect(detail.split(separator: 0x0A).dropFirst().allSatisfy { $0.starts(with: "  ".utf8) })
        }
        #expect(try controls(in: Array(table(sample).utf8.dropLast())).isEmpty)
        _ = try Document(sample)
    }
}
