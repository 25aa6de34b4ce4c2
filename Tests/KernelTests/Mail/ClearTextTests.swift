import TestSupport
import Testing

extension KernelSuite {
    /// `--tls`: what TLS hides is told as the server was told it within.
    @Suite struct ClearTextTests {
        struct Client: Sendable, CustomTestStringConvertible {
            var name: String
            var package = "none"
            var port = 587
            var offers = ["--starttls", "--pipelining"]
            var settings: [String] = []

            var testDescription: String { "\(name) \(offers[0])" }
        }

        /// Postfix and curl use OpenSSL; Exim uses GnuTLS, and sends several commands at a time.
        @Test(arguments: [
            Client(name: "curl", settings: ["MAIL_OPTIONS=--ssl-reqd --insecure"]),
            Client(name: "postfix", package: "postfix", settings: ["MAIL_TLS=may"]),
            Client(name: "exim", package: "exim4-daemon-light"),
        ])
        func theEnvelopeIsRead(client: Client) throws {
            let machine = try MailMachine(package: client.package)
            let sink = try MailSink(machine, port: client.port, client.offers)
            let trace = try MailTrace(machine, options: ["--tls"])
            let file = try trace.rows(of: machine)
            let result = try machine.startClient(client.name, to: sink, settings: client.settings).end()
            #expect(result.status == 0, "\(result.errors)")
            let inside = try #require(sink.sessions(1).first)["inside", "smtp"]
            let row = try #require(file.lines(1).first)
            for member in ["hello", "ehlo", "mail_from", "size", "rcpt_to", "recipients", "messages", "data", "quit"] {
                #expect(row["smtp", member].text == inside[member].text, "\(member)")
            }
            #expect(row["smtp", "recipients"].number == 2)
            #expect(row["smtp", "starttls"].text == "\(client.offers[0] == "--starttls")")
            #expect(row["smtp", "encrypted"].text == "true")
            #expect(row["smtp", "gaps"].elements.isEmpty)
            #expect(row.verdict == (client.package == "none" ? "smarthost" : "mta"))
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
