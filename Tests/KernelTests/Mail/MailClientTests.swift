import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// Real clients deliver to Tests/mail/sink.py; what mailsnoop tells of it is what the server was told.
    @Suite struct MailClientTests {
        /// One case: who delivers, and what is to be made of it.
        struct Delivery: Sendable, CustomTestStringConvertible {
            var client: String
            var package = "none"
            var port = 25
            var address = MailMachine.server
            /// Of the server.
            var offers: [String] = []
            /// Of the client.
            var settings: [String] = []
            var verdict: String
            var reasons: [String]
            /// dma makes a session for each recipient.
            var sessions = 1

            var testDescription: String { ([client, "to \(port)"] + offers + settings).joined(separator: " ") }
        }

        private static let servers = [
            ("postfix", "postfix"), ("exim", "exim4-daemon-light"), ("opensmtpd", "opensmtpd"), ("dma", "dma"),
            ("nullmailer", "nullmailer"),
        ].map {
            Delivery(
                client: $0, package: $1, verdict: "mta", reasons: ["installed-mta"], sessions: $0 == "dma" ? 2 : 1)
        }
        private static let others = [
            ("ssmtp", "ssmtp"), ("msmtp", "none"), ("swaks", "none"), ("curl", "none"), ("smtplib", "none"),
            ("net-smtp", "none"), ("phpmailer", "libphp-phpmailer"), ("php", "none"),
        ].map {
            Delivery(
                client: $0, package: $1, verdict: "direct-mx",
                // The script's EHLO is a stranger's.
                reasons: ["remote-mx", "no-mail-server"] + ($0 == "php" ? ["foreign-hello"] : []))
        }
        private static let variants = [
            Delivery(
                client: "postfix", package: "postfix", offers: ["--starttls"], settings: ["MAIL_TLS=may"],
                verdict: "mta", reasons: ["installed-mta"]),
            Delivery(
                client: "postfix", package: "postfix", offers: ["--pipelining"], verdict: "mta",
                reasons: ["installed-mta"]),
            Delivery(
                client: "exim", package: "exim4-daemon-light", offers: ["--pipelining", "--chunking"],
                settings: ["MAIL_CHUNKING=*"], verdict: "mta", reasons: ["installed-mta"]),
            Delivery(
                client: "curl", offers: ["--starttls"], settings: ["MAIL_OPTIONS=--ssl-reqd --insecure"],
                verdict: "direct-mx", reasons: ["remote-mx", "encrypted", "no-mail-server"]),
            Delivery(
                client: "curl", port: 465, offers: ["--implicit-tls"],
                settings: ["MAIL_SCHEME=smtps", "MAIL_SERVER=mx.example", "MAIL_OPTIONS=--insecure --ipv4"],
                verdict: "smarthost", reasons: ["submission-port"]),
            Delivery(
                client: "smtplib", address: "2001:db8::25", settings: ["MAIL_SERVER=2001:db8::25"],
                verdict: "direct-mx", reasons: ["remote-mx", "no-mail-server"]),
            Delivery(
                client: "swaks", port: 24, offers: ["--lmtp"], settings: ["MAIL_OPTIONS=--protocol LMTP"],
                verdict: "direct-mx", reasons: ["odd-port", "no-mail-server"]),
            Delivery(
                client: "swaks", offers: ["--reject", "anna@iol.example"], verdict: "direct-mx",
                reasons: ["remote-mx", "no-mail-server"]),
            Delivery(
                client: "swaks", port: 587, offers: ["--auth"],
                settings: ["MAIL_OPTIONS=--auth LOGIN --auth-user u --auth-password p"], verdict: "smarthost",
                reasons: ["submission-port"]),
        ]

        @Test(arguments: servers + variants) func whatIsToldIsWhatTheServerWasTold(delivery: Delivery) throws {
            try deliver([delivery])
        }

        /// What is no mail server is alarming on port 25, and not where mail is submitted.
        @Test(arguments: others) func thePortTellsSubmission(delivery: Delivery) throws {
            var submission = delivery
            submission.port = 587
            submission.verdict = "smarthost"
            submission.reasons.replaceSubrange(0..<2, with: ["submission-port", "submission-without-auth"])
            try deliver([delivery, submission])
        }

        private func deliver(_ deliveries: [Delivery]) throws {
            let machine = try MailMachine(package: deliveries[0].package)
            let trace = try MailTrace(machine)
            let file = try trace.rows(of: machine)
            for delivery in deliveries {
                let sink = try MailSink(machine, port: delivery.port, address: delivery.address, delivery.offers)
                let client = try machine.startClient(delivery.client, to: sink, settings: delivery.settings).end()
                #expect(client.status == 0, "\(client.errors)")
                let earlier = file.lines.count
                let sessions = try sink.sessions(delivery.sessions)
                let rows = try file.lines(earlier + delivery.sessions).dropFirst(earlier)
                #expect(sessions.count == delivery.sessions)
                #expect(rows.count == delivery.sessions)
                for session in sessions {
                    let port = session["client"].elements[1].number
                    compare(try #require(rows.first { $0["source", "port"].number == port }), session, delivery)
                }
            }
            try trace.end()
        }

        private func compare(_ row: JSON, _ session: JSON, _ delivery: Delivery) {
            #expect(row["destination", "ip"].string == delivery.address)
            #expect(row["destination", "port"].number == delivery.port)
            #expect(row["network", "protocol"].string == "smtp")
            #expect(row.verdict == delivery.verdict)
            #expect(row.reasons == delivery.reasons)
            if delivery.port == 465 { #expect(row["tls", "client", "server_name"].string == "mx.example") }

            let (told, said) = (row["smtp"], session["smtp"])
            let isEncrypted = said["encrypted"].text == "true"
            for name in said.names {
                // TLS hides it, or it came before anybody knew that this is mail.
                let isHidden = isEncrypted || (name == "greeting" && delivery.port == 24)
                if isHidden, told[name].isAbsent { continue }
                #expect(told[name].text == said[name].text, "\(name)")
            }
            if isEncrypted { #expect(told["mail_from"].isAbsent && told["messages"].isAbsent) }
            #expect(told["gaps"].text == (isEncrypted ? #"["encrypted"]"# : "[]"))
            #expect(Set(told.names).subtracting(said.names) == ["gaps"])
        }
    }
}
