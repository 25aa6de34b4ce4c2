import MailWatch
import Reports
import Testing

struct CSVReportTests {
    private func row(_ connection: Connection, name: [UInt8] = []) throws -> [String: String] {
        var report = CSVReport()
        var bytes: [UInt8] = []
        report.append(connection, name: name, clock: clock, to: &bytes)
        let fields = try record(bytes)
        #expect(fields.count == CSVReport.columns.count)
        return Dictionary(uniqueKeysWithValues: zip(CSVReport.columns, fields))
    }

    @Test func headerHasTheColumns() throws {
        #expect(try record(CSVReport.header) == CSVReport.columns)
        #expect(Set(CSVReport.columns).count == CSVReport.columns.count)
    }

    /// Who reads the file relies on names and places.
    @Test func columnsAreAnInterface() {
        #expect(
            CSVReport.columns == [
                "time", "state", "duration_s", "source_ip", "source_port", "destination_ip", "destination_port",
                "established", "end", "bytes_sent", "bytes_received", "error", "tid", "thread", "socket_cookie",
                "user", "uid", "effective_uid", "gid", "effective_gid", "login_uid", "pid", "process", "exe",
                "exe_deleted", "command_line", "cwd", "parent_pid", "parent", "ancestors", "process_start", "unit",
                "container", "cgroup", "network_namespace", "gaps", "root", "mount_namespace", "php_note", "script",
                "script_line", "script_function", "script_evidence", "script_owner", "script_modified", "script_size",
                "script_sha256", "script_obstacle", "application", "application_version", "application_root",
                "application_component", "php_version", "php_sapi", "php_pool", "php_pid", "http_method", "http_host",
                "http_path", "http_client", "php_entry", "php_stack", "php_gaps", "origin_script", "origin_line",
                "origin_pid", "origin_stack", "destination_name", "verdict", "reasons", "smtp_hello", "smtp_ehlo",
                "smtp_mail_from", "smtp_size", "smtp_rcpt_to", "smtp_recipients", "smtp_messages", "smtp_accepted",
                "smtp_starttls", "smtp_encrypted", "smtp_server_name", "smtp_auth", "smtp_data", "smtp_quit",
                "smtp_greeting", "smtp_reply_code", "smtp_reply", "smtp_proxy", "smtp_gaps",
                "script_evaluated_line",
            ])
    }

    @Test func closedConnectionHasEveryField() throws {
        var process = ProcessDescription.sample
        process.isExeDeleted = true
        process.gaps = [.argvTruncated, .cwdTruncated]
        process.root = Array("/srv/web1".utf8)
        process.mountNamespace = 4_026_531_841
        let placement = Placement(
            userName: "www-data", unit: "php.service", container: "web1", opaquePHP: "stripped")
        let expected = [
            "time": "2018-02-13T02:54:09.000000001Z", "state": "closed", "duration_s": "1.500000",
            "source_ip": "198.51.100.7", "source_port": "40961", "destination_ip": "192.0.2.25",
            "destination_port": "25", "established": "2018-02-13T02:54:09.012345679Z",
            "end": "2018-02-13T02:54:10.500000001Z", "bytes_sent": "1009", "bytes_received": "2003", "error": "",
            "tid": "4243", "thread": "worker", "socket_cookie": "4099", "user": "www-data", "uid": "33",
            "effective_uid": "35", "gid": "34", "effective_gid": "36", "login_uid": "1000", "pid": "4242",
            "process": "php", "exe": "/usr/bin/php8.2", "exe_deleted": "1", "command_line": "php send.php --to=a b",
            "cwd": "/var/www", "parent_pid": "17", "parent": "sh", "ancestors": "17:sh < 1:systemd",
            "process_start": "2018-02-13T02:54:01.000000007Z", "unit": "php.service", "container": "web1",
            "cgroup": "/system.slice/php.service", "network_namespace": "4026531993",
            "gaps": "argv-truncated cwd-truncated", "root": "/srv/web1", "mount_namespace": "4026531841",
            "php_note": "", "script": "/srv/shop/wp-content/plugins/acme/mail.php", "script_line": "12",
            "script_function": "Acme\\\\Mailer::send", "script_evidence": "stack", "script_owner": "shop",
            "script_modified": "2018-02-13T02:53:59.000000003Z", "script_size": "1009",
            "script_sha256": String(repeating: "0b", count: 32), "script_obstacle": "",
            "application": "WordPress", "application_version": "6.1.6", "application_root": "/srv/shop",
            "application_component": "plugin acme", "php_version": "8.2", "php_sapi": "fpm-fcgi", "php_pool": "www",
            "php_pid": "4242", "http_method": "POST", "http_host": "shop.example", "http_path": "/contact",
            "http_client": "203.0.113.9", "php_entry": "/srv/shop/index.php",
            "php_stack": "[internal] fsockopen < /srv/shop/wp-content/plugins/acme/mail.php:12 "
                + "Acme\\\\Mailer::send < /srv/shop/index.php:3", "php_gaps": "names-cut",
            "origin_script": "/srv/cron.php", "origin_line": "5", "origin_pid": "17",
            "origin_stack": "/srv/cron.php:5 run", "destination_name": "mx.example.net", "verdict": "direct-mx",
            "reasons": "remote-mx foreign-hello", "smtp_hello": "EHLO", "smtp_ehlo": "shop.example",
            "smtp_mail_from": "a@shop.example", "smtp_size": "1013", "smtp_rcpt_to": "b@example.net",
            "smtp_recipients": "3", "smtp_messages": "2", "smtp_accepted": "1", "smtp_starttls": "0",
            "smtp_encrypted": "0", "smtp_server_name": "", "smtp_auth": "LOGIN", "smtp_data": "1", "smtp_quit": "1",
            "smtp_greeting": "220 mx.example.net ESMTP", "smtp_reply_code": "550", "smtp_reply": "5.7.1 go away",
            "smtp_proxy": "socks5 mx.example.net:25", "smtp_gaps": "line-cut",
            "script_evaluated_line": "",
        ]
        let row = try row(
            connection(.closed, process, placement: placement, php: .sample, origin: .cron).with(.sample),
            name: Array("mx.example.net".utf8))
        for (column, value) in expected { #expect(row[column] == value, "\(column)") }
        #expect(row.count == expected.count)
    }

    @Test func whatIsNotKnownYetIsEmpty() throws {
        var process = ProcessDescription()
        process.pid = 4242
        let row = try row(connection(.connecting, process))
        #expect(row["state"] == "connecting")
        for column in [
            "duration_s", "source_ip", "source_port", "established", "end", "bytes_sent", "bytes_received", "error",
            "login_uid", "parent_pid", "parent", "ancestors", "process_start", "user", "gaps", "destination_name",
            "reasons", "smtp_ehlo", "smtp_mail_from", "smtp_messages", "smtp_encrypted", "smtp_reply_code",
        ] { #expect(row[column] == "", "\(column)") }
        #expect(row["exe_deleted"] == "0")
        #expect(row["verdict"] == "unknown")
    }

    @Test func whyThereIsNoStackIsSaid() throws {
        let row = try row(connection(.closed, placement: Placement(opaquePHP: "stripped")))
        #expect(row["php_note"] == "stripped")
    }

    @Test func whatMayHaveBeenSaidWithinTLSIsEmpty() throws {
        let row = try row(connection(.closed).with(.encrypted))
        #expect(row["smtp_starttls"] == "1")
        #expect(row["smtp_encrypted"] == "1")
        #expect(row["smtp_server_name"] == "mx.example.net")
        #expect(row["smtp_gaps"] == "encrypted")
        for column in ["smtp_recipients", "smtp_messages", "smtp_accepted", "smtp_data", "smtp_quit"] {
            #expect(row[column] == "", "\(column)")
        }
        // `--tls` sees it.
        var seen = SMTPDialogue.encrypted
        seen.messages = 1
        #expect(try self.row(connection(.closed).with(seen))["smtp_data"] == "0")
    }

    @Test func theNullPathIsNotNothing() throws {
        var bounce = SMTPDialogue()
        bounce.sender = []
        let row = try row(connection(.closed).with(bounce))
        #expect(row["smtp_mail_from"] == "<>")
        #expect(row["smtp_rcpt_to"] == "")
    }

    /// What is said differs between the connections of a process.
    @Test func nothingThatWasSaidIsKeptForTheNextRow() throws {
        var report = CSVReport()
        var bytes: [UInt8] = []
        let sample = try connection(.closed)
        report.append(sample.with(.sample), clock: clock, to: &bytes)
        bytes = []
        report.append(sample.with(nil, Judgement(.probe)), clock: clock, to: &bytes)
        let row = Dictionary(uniqueKeysWithValues: zip(CSVReport.columns, try record(bytes)))
        #expect(row["verdict"] == "probe")
        #expect(row["reasons"] == "")
        #expect(row["smtp_ehlo"] == "")
    }

    @Test func refusedConnectionNamesItsError() throws {
        let row = try row(connection(.refused))
        #expect(row["state"] == "refused")
        #expect(row["error"] == "ECONNREFUSED")
        #expect(row["established"] == "")
        #expect(row["bytes_sent"] == "0")
    }

    @Test(arguments: Hostile.texts)
    func rowStaysOneLineWithItsFields(text: [UInt8]) throws {
        let name = String(decoding: text, as: UTF8.self)
        let placement = Placement(userName: name, unit: name, container: name)
        let row = try row(
            connection(
                .closed, .hostile(text), threadName: text, placement: placement, php: .hostile(text),
                origin: .hostile(text)
            ).with(.hostile(text), .hostile(text)), name: text)
        for (column, value) in row {
            #expect(value.first.map { "=+-@\t\r".contains($0) } != true, "\(column)")
            #expect(try controls(in: Array(value.utf8)).isEmpty, "\(column)")
        }
        #expect(row["gaps"] == "")
    }

    @Test(arguments: [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("a=1", "a=1"), ("'", "'"),
        ("a\"b", "a\"b"), ("a,b", "a,b"), ("=\"a\",b", "'=\"a\",b"), ("\r\n", #"\x0d\x0a"#),
    ])
    func textIsKeptFromBeingAFormula(text: String, field: String) throws {
        #expect(try row(connection(.closed, .hostile(Array(text.utf8))))["exe"] == field)
    }

    /// The kernel side describes anew what it had forgotten, under the same identity.
    @Test func laterDescriptionOfAnIdentityIsTheOneThatIsWritten() throws {
        var report = CSVReport()
        var bytes: [UInt8] = []
        report.append(try connection(.closed), clock: clock, to: &bytes)
        bytes = []
        var process = ProcessDescription.sample
        process.isExeDeleted = true
        process.ancestors = []
        report.append(try connection(.closed, process), clock: clock, to: &bytes)
        let row = Dictionary(uniqueKeysWithValues: zip(CSVReport.columns, try record(bytes)))
        #expect(row["exe_deleted"] == "1")
        #expect(row["parent"] == "")
    }

    @Test func stepOfTheClockMovesTheStartOfAKnownProcess() throws {
        var report = CSVReport()
        var bytes: [UInt8] = []
        let sample = try connection(.closed)
        report.append(sample, clock: clock, to: &bytes)
        bytes = []
        report.append(sample, clock: WallClock(bootTime: 0), to: &bytes)
        let row = Dictionary(uniqueKeysWithValues: zip(CSVReport.columns, try record(bytes)))
        #expect(row["process_start"] == "1970-01-01T00:00:01.000000007Z")
    }

    @Test(arguments: [
        "=1+1", "+1", "-1", "@x", "\u{FF1D}1", "\u{FF0B}1", "\u{FF0D}1", "\u{FF20}x", "\u{FE66}1", "\u{FE6B}x",
        "\u{207C}1",
        " =1+1", "\t=1", "\r=1", "\u{A0}=1", "\u{3000}\u{FF1D}1", String(repeating: " ", count: 300) + "=1",
    ])
    func whatASpreadsheetCalculatesIsText(text: String) throws {
        var bytes: [UInt8] = []
        CSVReport.field(text, to: &bytes)
        #expect(try record(Array(bytes.dropFirst()) + [0x0D, 0x0A]).first?.hasPrefix("'") == true)
    }

    @Test(arguments: ["a=1", "", " ", "\u{E4}=", "\u{200B}=1", "\u{FEFF}=1", "1-1"])
    func whatItDoesNotCalculateIsLeft(text: String) throws {
        var bytes: [UInt8] = []
        CSVReport.field(text, to: &bytes)
        #expect(try record(Array(bytes.dropFirst()) + [0x0D, 0x0A]).first?.hasPrefix("'") == false)
    }
}

private struct NoRecord: Error {}

/// The fields of the one record in `bytes`, by the grammar of RFC 4180 and nothing beside it.
private func record(_ bytes: [UInt8]) throws -> [String] {
    guard bytes.suffix(2) == [0x0D, 0x0A] else { throw NoRecord() }
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    var fields: [[UInt8]] = [[]]
    var rest = bytes.dropLast(2)
    while let byte = rest.popFirst() {
        if byte == comma {
            fields.append([])
        } else if byte == quote {
            guard fields[fields.count - 1].isEmpty else { throw NoRecord() }
            while true {
                guard let inner = rest.popFirst() else { throw NoRecord() }
                if inner == quote {
                    guard rest.first == quote else { break }
                    rest.removeFirst()
                }
                fields[fields.count - 1].append(inner)
            }
            guard rest.isEmpty || rest.first == comma else { throw NoRecord() }
        } else {
            guard byte >= 0x20, byte != 0x7F else { throw NoRecord() }
            fields[fields.count - 1].append(byte)
        }
    }
    return try fields.map { try #require(String(validating: $0, as: UTF8.self)) }
}
