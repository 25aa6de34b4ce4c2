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
        ].flatMap {
            // The script's EHLO is a stranger's.
            let foreign = $0 == "php" ? ["foreign-hello"] : []
            return [
                Delivery(
                    client: $0, package: $1, verdict: "direct-mx", reasons: ["remote-mx", "no-mail-server"] + foreign),
                Delivery(
                    client: $0, package: $1, port: 587, verdict: "smarthost",
                    reasons: ["submission-port", "submission-without-auth"] + foreign),
            ]
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

        @Test(arguments: servers + others + variants) func whatIsToldIsWhatTheServerWasTold(delivery: Delivery) throws {
            let machine = try MailMachine(package: delivery.package)
            let sink = try MailSink(machine, port: delivery.port, address: delivery.address, delivery.offers)
            let trace = try MailTrace(machine)
            let client = try machine.startClient(delivery.client, to: sink, settings: delivery.settings).end()
            #expect(client.status == 0, "\(client.errors)")
            let sessions = try sink.sessions(delivery.sessions)
            let rows = try trace.rows(of: machine).lines(delivery.sessions)
            #expect(sessions.count == delivery.sessions)
            #expect(rows.count == delivery.sessions)
            for session in sessions {
                let port = session["client"].elements[1].number
                let row = try #require(rows.first { $0["source", "port"].number == port })
                compare(row, session["smtp"])
                #expect(row["destination", "ip"].string == delivery.address)
                #expect(row["destination", "port"].number == delivery.port)
                #expect(row.verdict == delivery.verdict)
                #expect(row.reasons == delivery.reasons)
                if delivery.port == 465 { #expect(row["tls", "client", "server_name"].string == "mx.example") }
            }
            try trace.end()
        }

        /// Every cell, but for what TLS hides.
        private func compare(_ row: JSON, _ said: JSON) {
            #expect(row["network", "protocol"].string == "smtp")
            let told = row["smtp"]
            let isEncrypted = said["encrypted"].text == "true"
            for name in said.names where !(isEncrypted && told[name].isAbsent) {
                #expect(told[name].text == said[name].text, "\(name)")
            }
            if isEncrypted { #expect(told["mail_from"].isAbsent && told["messages"].isAbsent) }
            #expect(told["gaps"].text == (isEncrypted ? #"["encrypted"]"# : "[]"))
            #expect(Set(told.names).subtracting(said.names) == ["gaps"])
        }
    }
}
