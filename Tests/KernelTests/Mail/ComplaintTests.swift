import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// A day in the life of a host: mail goes out, a planted script spams, the recorder dies and comes back; then
    /// complaints arrive.
    @Suite struct ComplaintTests {
        private static let history = "/var/lib/mailsnoop/history.db"

        private func recorder(_ machine: MailMachine) throws -> Child {
            let child = try machine.start([Repository.mailsnoop, "record", "--no-dns"])
            wait { self.status(machine).contains("running since") || !child.isRunning }
            if !child.isRunning { Issue.record("\(child.end().errors)") }
            return child
        }

        private func status(_ machine: MailMachine) -> String {
            (try? machine.start([Repository.mailsnoop, "status"]).end().text) ?? ""
        }

        private func export(_ machine: MailMachine) throws -> [JSON] {
            let network = try machine.network
            return try machine.start([Repository.mailsnoop, "export", "--format", "json"]).end().lines
                .map { try JSON(line: $0.utf8) }
                .filter { $0["mailsnoop", "process", "network_namespace"].number == network }
        }

        /// As RFC 5322 writes it.
        private func mailTime(_ time: Date) -> String {
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(secondsFromGMT: 3600)
            format.dateFormat = "EEE, d MMM yyyy HH:mm:ss Z"
            return format.string(from: time)
        }

        /// ../shared/samples, with the times, addresses and the port of the run.
        private func complaints(at time: Date, port: Int) -> [(name: String, text: String)] {
            let zulu = time.formatted(.iso8601)
            return [
                (
                    "header",
                    """
                    Received: from mail.com ([192.0.2.2])
                           by smtp-27.iol.local with SMTP
                           id itOWeYZ6O42IFitOWe35TR; \(mailTime(time))
                    From: "Servizi online - Poste Italiane" <posteitaliane@test123.it>
                    Subject: Abbiamo ricevuto una segnalazione di accredito
                    Date: Mon, 12 Feb 2018 11:32:03 -0500
                    """
                ),
                (
                    "arf",
                    """
                    From: <abusedesk@receiver.example>
                    Date: \(mailTime(time + 960))
                    Subject: FW: Abbiamo ricevuto una segnalazione di accredito
                    MIME-Version: 1.0
                    Content-Type: multipart/report; report-type=feedback-report; boundary="part1"

                    --part1
                    Content-Type: message/feedback-report

                    Feedback-Type: abuse
                    Version: 1
                    Original-Mail-From: <posteitaliane@test123.it>
                    Original-Rcpt-To: <anna@iol.example>
                    Arrival-Date: \(mailTime(time))
                    Source-IP: 192.0.2.2

                    --part1--
                    """
                ),
                (
                    "xarf",
                    """
                    { "xarf_version": "4.0.0", "timestamp": "\(zulu)", "source_identifier": "192.0.2.2",
                      "source_port": \(port), "category": "messaging", "type": "spam", "protocol": "smtp",
                      "smtp_from": "posteitaliane@test123.it" }
                    """
                ),
                (
                    "blocklist",
                    """
                    192.0.2.2 is listed. It was last detected at \(zulu.dropLast(4).replacing("T", with: " ")) GMT (+/- 30 minutes).
                    This IP is infected with a spam sending trojan. It connected to port 25 of 192.0.2.25 and HELOs as mail.com.
                    """
                ),
                (
                    "bounce",
                    """
                    From: MAILER-DAEMON@client.example (Mail Delivery System)
                    Subject: Undelivered Mail Returned to Sender
                    Date: \(mailTime(time + 19_115))
                    Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

                    --b1
                    Content-Type: text/plain

                    <anna@iol.example>: host mx.example[192.0.2.25] said: 554 IP: 192.0.2.2,
                        You are not allowed to send us mail. (in reply to MAIL FROM command)

                    --b1
                    Content-Type: message/delivery-status

                    Reporting-MTA: dns; client.example

                    Final-Recipient: rfc822; anna@iol.example
                    Action: failed
                    Remote-MTA: dns; mx.example

                    --b1--
                    """
                ),
            ]
        }

        @Test func eachComplaintIsAnswered() throws {
            let machine = try MailMachine(package: "postfix")
            let spammed = try MailSink(machine, port: 25)
            let other = "192.0.2.26"
            try #require(
                machine.start(["ip", "-n", "server", "address", "add", "\(other)/24", "dev", "eth0"]).end().status == 0)
            let relay = try MailSink(machine, port: 25, address: other)
            let submission = try MailSink(machine, port: 587, ["--auth"])
            let plugin = "/srv/shop/wp-content/plugins/orders/orders.php"
            let mail = "\(Repository.tests)/mail"
            try machine.write(String(contentsOfFile: "\(mail)/submission.php", encoding: .utf8), to: plugin)
            func deliver() throws {
                for child in [
                    try machine.startClient("postfix", to: relay, settings: ["MAIL_SERVER=\(other)"]),
                    try machine.startAsWebUser(["php", plugin, MailMachine.server, "587", "shop"]),
                ] {
                    let result = child.end()
                    #expect(result.status == 0, "\(result.errors)")
                }
            }

            let first = try recorder(machine)
            try deliver()
            let start = Date.now
            #expect(try machine.startClient("php", to: spammed).end().status == 0)
            try wait { try self.export(machine).contains { $0["file", "path"].string == "/srv/spam.php" } }
            first.kill(SIGKILL)
            #expect(first.end().status == -SIGKILL)
            #expect(status(machine).contains("was cut off"))

            let second = try recorder(machine)
            let refused = try machine.start([Repository.mailsnoop, "record"]).end()
            #expect(refused.status == 75, "\(refused.errors)")
            try deliver()
            try wait { try self.export(machine).count == 5 }
            second.kill(SIGTERM)
            let ended = second.end()
            #expect(ended.status == 0, "\(ended.errors)")

            #expect(try submission.sessions(2).count == 2)
            let rows = try export(machine)
            #expect(
                rows.map(\.verdict).sorted() == ["direct-mx", "mta", "mta", "smarthost", "smarthost"],
                "\(rows.map(\.text).joined(separator: "\n"))")
            let spam = try #require(rows.first { $0.verdict == "direct-mx" })
            let port = try #require(spam["source", "port"].number)
            for complaint in complaints(at: start, port: port) {
                try machine.write(complaint.text, to: "/tmp/\(complaint.name)")
                let answer = try machine.start([
                    Repository.mailsnoop, "match", "--no-dns", "/tmp/\(complaint.name)",
                ]).end()
                #expect(answer.status == 0, "\(complaint.name): \(answer.text)\(answer.errors)")
                let ranked = answer.lines.filter { $0.prefix(1).allSatisfy(\.isNumber) }
                #expect(ranked.first == "1. www-data  /srv/spam.php", "\(complaint.name): \(answer.text)")
                // Whoever else was sending then stands below.
                let scores = answer.lines.filter { $0.hasPrefix("   score ") }.compactMap {
                    Int($0.split(separator: " ")[1].prefix { $0 != "," })
                }
                #expect(scores.dropFirst().allSatisfy { $0 < scores[0] }, "\(complaint.name): \(answer.text)")
            }
            try expectAnswersByName(machine, start)
            try expectNotes(machine, rows)
        }

        private func expectNotes(_ machine: MailMachine, _ rows: [JSON]) throws {
            func note(_ format: String) throws -> String {
                let result = try machine.start([
                    Repository.mailsnoop, "note", "--no-dns", "--match", "/tmp/header", "--format", format,
                ]).end()
                #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
                return result.text
            }
            let spam = try #require(rows.first { $0.verdict == "direct-mx" })
            let hash = spam["file", "hash", "sha256"].string
            let markdown = try note("markdown")
            #expect(markdown.contains("The complaint fits www-data /srv/spam.php (score "))
            #expect(markdown.contains("No recorder ran from "))
            #expect(markdown.contains("sha256 \(hash)"))
            #expect(markdown.contains("chmod 0 -- /srv/spam.php\n"))
            #expect(markdown.contains("meta skuid postfix accept"))
            let html = try note("html")
            #expect(html.contains("<td>posteitaliane@test123.it</td>"))
            #expect(html.contains("<text class=\"mark\""))
            // The same rows as of `export`, whoever of this host was sending.
            let exported = try machine.start([
                Repository.mailsnoop, "export", "--since", "2h ago", "--format", "csv",
            ]).end().text
            #expect(try note("csv") == exported)
            for (name, text) in [("md", markdown), ("html", html)] {
                try Data(text.utf8).write(to: URL(filePath: "\(Repository.build)/note.\(name)"))
            }
        }

        /// Nothing but the recipient's domain and the time is known, and nobody was sending half an hour later.
        private func expectAnswersByName(_ machine: MailMachine, _ time: Date) throws {
            try machine.write("nameserver 127.0.0.1\n", to: "/etc/resolv.conf")
            // It closes the descriptors that it was given, by which Foundation would see its end.
            let command = """
                dnsmasq --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null --user=root --pid-file= \\
                    --listen-address=127.0.0.1 --bind-interfaces --mx-host=iol.example,mx.example,10 &
                read; kill $!
                """
            let names = try machine.start(["bash", "-c", command])
            defer { names.end() }
            func answer(_ time: Date) throws -> Child.Result {
                try machine.start([
                    Repository.mailsnoop, "match", "--time", time.formatted(.iso8601), "--to", "zoe@iol.example",
                    "--window", "60s",
                ]).end()
            }
            var found = try answer(time)
            try wait {
                found = try answer(time)
                return found.text.contains("[destination]")
            }
            #expect(found.text.contains("It went to 192.0.2.25, an address of the receiver. [destination]"))
            let later = try answer(time + 1800)
            #expect(later.status == 1)
            #expect(later.text.contains("No recorder ran at that time."))
            #expect(later.text.contains("Within half a day of it were:"))
            #expect(later.text.contains("www-data  /srv/spam.php  1 connection from"))
        }

        @Test func withoutARecordingTheHeaderIsExplained() throws {
            let machine = try MailMachine()
            let complaint = complaints(at: Date(timeIntervalSince1970: 1_518_490_449), port: 1)[0].text
            try machine.write(complaint, to: "/tmp/header")
            let answer = try machine.start([Repository.mailsnoop, "match", "/tmp/header"]).end()
            #expect(answer.status == 1)
            #expect(answer.text.contains("It is not reverse DNS."))
            #expect(answer.text.contains("Nothing is recorded"))

            let recorder = try recorder(machine)
            let again = try machine.start([Repository.mailsnoop, "match", "/tmp/header"]).end()
            #expect(again.status == 1)
            #expect(again.text.contains("No recorder ran at that time."))
            #expect(again.text.contains("The next one was started 20"))
            recorder.kill(SIGTERM)
            #expect(recorder.end().status == 0)
        }
    }
}
