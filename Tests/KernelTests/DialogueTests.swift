import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// What client and server say is told line by line, and nothing else of it.
    @Suite struct DialogueTests {
        /// A mail server of the talker's, on a port that the kernel chose.
        struct Server: ~Copyable {
            let port: UInt16
            let address: String
            private let child: Child

            init(address: String = "127.0.0.1") throws {
                let child = try Child([Repository.talker, "serve", address, "0"])
                port = try #require(child.line().split(separator: " ").last.flatMap { UInt16($0) })
                self.address = address
                self.child = child
            }

            deinit { child.end() }

            /// Connects, takes these steps, and returns the pid.
            @discardableResult
            func say(_ steps: [String]) throws -> UInt32 {
                let child = try Child([Repository.talker, "say", address, "\(port)"] + steps)
                let result = child.end()
                #expect(result.status == 0, "\(result.errors)")
                return child.pid
            }
        }

        /// A line as `EHLO one.example` or `250 ok`.
        private func told(_ line: LineEvent) -> String {
            let text = String(decoding: line.text, as: UTF8.self)
            return line.kind == .greeting || line.kind == .reply ? "\(line.code) \(text)" : text
        }

        private func client(_ lines: [LineEvent]) -> [String] {
            lines.filter { $0.kind != .greeting && $0.kind != .reply }.map(told)
        }

        private func server(_ lines: [LineEvent]) -> [String] {
            lines.filter { $0.kind == .greeting || $0.kind == .reply }.map(told)
        }

        @Test(arguments: ["127.0.0.1", "::1"]) func aMailIsToldLineByLine(address: String) throws {
            let server = try Server(address: address)
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            try server.say([
                "<1", #"ehlo one.example\r\n"#, "<1", #"MAIL FROM:<a@one.example> SIZE=1009\r\n"#, "<1",
                #"rcpt to:<b@two.example>\r\n"#, "<1", #"RCPT TO:<refused@two.example>\r\n"#, "<1", #"DATA\r\n"#, "<1",
                #"Subject: secret\r\n\r\nMAIL FROM:<no@command.example>\r\n..\r\n.\r\n"#, "<1", #"QUIT\r\n"#, "<1",
            ])
            let connection = try #require(trace.ended(1).first)
            #expect(
                client(trace.lines) == [
                    "ehlo one.example", "MAIL FROM:<a@one.example> SIZE=1009", "rcpt to:<b@two.example>", "DATA",
                    "QUIT",
                ])
            #expect(
                self.server(trace.lines) == [
                    "220 sink.example ready", "250 CHUNKING", "250 2.1.0 ok", "250 2.1.0 ok", "550 5.1.1 nobody here",
                    "354 go on", "250 2.0.0 taken", "221 2.0.0 bye",
                ])
            #expect(trace.lines.allSatisfy { $0.connection == connection.id && !$0.followsGap && !$0.isCut })
            #expect(trace.lines.last?.recipients == 2)
            // Each reply has the number of its command; DATA, the fifth, has two.
            #expect(
                trace.lines.filter { $0.kind == .reply }.map(\.ordinal) == [1, 2, 3, 4, 5, 5, 6])
        }

        /// Wherever the client's bytes are cut, the same is told.
        @Test func segmentsMayBeCutAnywhere() throws {
            let said =
                "EHLO x.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
                + "one\r\n..\r\n.\r\nMAIL FROM:<c@x.example>\r\nRCPT TO:<d@y.example>\r\nBDAT 6 LAST\r\nDATA\r\nQUIT\r\n"
            let expected = [
                "EHLO x.example", "MAIL FROM:<a@x.example>", "RCPT TO:<b@y.example>", "DATA", "MAIL FROM:<c@x.example>",
                "RCPT TO:<d@y.example>", "BDAT 6 LAST", "QUIT",
            ]
            func escaped(_ bytes: some Sequence<UInt8>) -> String {
                bytes.map { $0 == 13 ? #"\r"# : $0 == 10 ? #"\n"# : String(UnicodeScalar($0)) }.joined()
            }
            let bytes = Array(said.utf8)
            for dialogues in [Dialogues.ofPorts, .ofAnyPort] {
                let server = try Server()
                var trace = try LiveTrace(port: server.port, dialogues: dialogues)
                let child = try Child([Repository.talker, "cut", "127.0.0.1", "\(server.port)", escaped(bytes), "10"])
                #expect(child.end().status == 0)
                let connections = trace.ended(bytes.count)
                #expect(connections.count == bytes.count)
                for (number, connection) in connections.enumerated() {
                    let lines = trace.lines.filter { $0.connection == connection.id }
                    #expect(client(lines) == expected, "cut \(number + 1), \(dialogues)")
                }
            }
        }

        /// Mail on a port that nobody watches: who, from its first words on.
        @Test(arguments: ["EHLO", "helo", "LHLO"]) func mailIsKnownByWhatIsSaid(verb: String) throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            let pid = try server.say(["<1", "\(verb) mail.com\\r\\n", "<1", #"QUIT\r\n"#, "<1"])
            try server.say([
                "<1", String(repeating: "x", count: 257) + #"\r\n"#, "<1", #"EHLO late.example\r\n"#, "<1",
                #"QUIT\r\n"#, "<1",
            ])
            let connection = try #require(trace.ended(1).first)
            #expect(connection.process.description.pid == pid)
            #expect(connection.process.description.exe == Array(Repository.talker.utf8))
            #expect(connection.arguments.first == Repository.talker)
            #expect(connection.source.port != 0)
            #expect(connection.state == .closed || connection.state == .reset)
            #expect(client(trace.lines) == ["\(verb) mail.com", "QUIT"])
        }

        /// The kernel's timer sends what is corked: the sender is told when it next sends itself.
        @Test func whatATimerSendsWaitsForItsSender() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            let pid = try server.say(["<1", "~", #"EHLO corked.example\r\n"#, "<1", #"QUIT\r\n"#, "<1"])
            let connection = try #require(trace.ended(1).first)
            #expect(connection.process.description.pid == pid)
            #expect(client(trace.lines).first == "EHLO corked.example")
        }

        @Test func credentialsStayInTheKernel() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            let secret = "Q0xBUk5FVA"
            try server.say([
                "<1", #"EHLO one.example\r\n"#, "<1", "AUTH PLAIN \(secret)1\\r\\n", "<1", #"AUTH LOGIN\r\n"#, "<0",
                "\(secret)2\\r\\n\(secret)3\\r\\n", "<3", #"AUTH CRAM-MD5\r\n"#, "\(secret)4\\r\\n", "<2",
                #"QUIT\r\n"#, "<1",
            ])
            _ = trace.ended(1)
            let client = client(trace.lines)
            #expect(client == ["EHLO one.example", "AUTH PLAIN", "AUTH LOGIN", "AUTH CRAM-MD5", "QUIT"])
            #expect(!trace.lines.contains { told($0).contains(secret) })
        }

        @Test func linesAreBounded() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            let name = String(repeating: "x", count: 3001)
            try server.say(["<1", "EHLO \(name)\\r\\n", "<1", #"QUIT\r\n"#, "<1"])
            _ = trace.ended(1)
            let hello = try #require(trace.lines.first { $0.kind == .ehlo })
            #expect(hello.isCut)
            #expect(hello.text == Array("EHLO \(name)".utf8.prefix(1023)))
            #expect(client(trace.lines).last == "QUIT")
        }

        @Test func requestsToProxiesAreTold() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            let requests: [(steps: [String], text: [UInt8])] = [
                (
                    [#"\x04\x01\x00\x19\xC0\x00\x02\x19me\x00"#],
                    [4, 1, 0, 25, 192, 0, 2, 25] + Array("me".utf8) + [0]
                ),
                ([#"CONNECT mx.example:25 HTTP/1.1\r\n\r\n"#], Array("CONNECT mx.example:25 HTTP/1.1".utf8)),
                (
                    [#"\x05\x01\x00"#, #"\x05\x01\x00\x03\x0amx.example\x00\x19"#],
                    [5, 1, 0, 3, 10] + Array("mx.example".utf8) + [0, 25]
                ),
            ]
            for request in requests { try server.say(["<1"] + request.steps + [#"QUIT\r\n"#]) }
            try server.say(["<1", #"CONNECT mx.example:443 HTTP/1.1\r\n\r\n"#])
            _ = trace.ended(requests.count)
            #expect(trace.lines.filter { $0.kind == .proxyRequest }.map(\.text) == requests.map(\.text))
        }
    }
}
