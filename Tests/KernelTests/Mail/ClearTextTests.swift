import TestSupport
import Testing

extension KernelSuite {
    /// `--tls`: what TLS hides is told as the server was told it within.
    @Suite struct ClearTextTests {
        /// Postfix and curl use OpenSSL; Exim uses GnuTLS, and sends several commands at a time.
        @Test(arguments: [
            ("curl", "none", "MAIL_OPTIONS=--ssl-reqd --insecure"), ("postfix", "postfix", "MAIL_TLS=may"),
            ("exim", "exim4-daemon-light", "MAIL_CHUNKING="),
        ])
        func theEnvelopeIsRead(client: String, package: String, setting: String) throws {
            let machine = try MailMachine(package: package)
            let sink = try MailSink(machine, port: 25, ["--starttls", "--pipelining"])
            let trace = try MailTrace(machine, options: ["--tls"])
            let file = try trace.rows(of: machine)
            let result = try machine.startClient(client, to: sink, settings: [setting]).end()
            #expect(result.status == 0, "\(result.errors)")
            let inside = try #require(sink.sessions(1).first)["inside", "smtp"]
            let smtp = try #require(file.lines(1).first)["smtp"]
            for member in ["hello", "ehlo", "mail_from", "rcpt_to", "recipients", "messages", "data", "quit"] {
                #expect(smtp[member].text == inside[member].text, "\(member)")
            }
            #expect(smtp["recipients"].number == 2)
            #expect(smtp["encrypted"].text == "true")
            #expect(smtp["gaps"].elements.isEmpty)
            try trace.end()
        }

        @Test func theEnvelopeIsReadFromTheFirstByteOn() throws {
            let machine = try MailMachine()
            let sink = try MailSink(machine, port: 465, ["--implicit-tls"])
            let trace = try MailTrace(machine, options: ["--tls"])
            let settings = ["MAIL_SCHEME=smtps", "MAIL_SERVER=mx.example", "MAIL_OPTIONS=--insecure --ipv4"]
            let result = try machine.startClient("curl", to: sink, settings: settings).end()
            #expect(result.status == 0, "\(result.errors)")
            let inside = try #require(sink.sessions(1).first)["inside", "smtp"]
            let row = try #require(trace.rows(of: machine).lines(1).first)
            for member in ["hello", "ehlo", "mail_from", "size", "rcpt_to", "recipients", "messages", "data", "quit"] {
                #expect(row["smtp", member].text == inside[member].text, "\(member)")
            }
            #expect(row["smtp", "starttls"].text == "false")
            #expect(row["tls", "client", "server_name"].string == "mx.example")
            #expect(row.verdict == "smarthost")
            try trace.end()
        }
    }
}
