import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// Which bytes of a client commands that lead to no message account for, and that a mail is told however it was led up
    /// to. The server is lenient.
    @Suite struct AccountingTests {
        /// What is said, in steps of the talker's.
        struct Talk: Sendable, CustomTestStringConvertible {
            var name: String
            var steps: [String]

            init(_ name: String, _ steps: String...) {
                self.name = name
                self.steps = ["<1"] + steps
            }

            var testDescription: String { name }
        }

        private static let mail = [
            #"MAIL FROM:<a@x.example>\r\n"#, "<1", #"RCPT TO:<b@y.example>\r\n"#, "<1", #"DATA\r\n"#, "<1",
            #"Subject: x\r\n\r\nMAIL FROM:<no@command.example>\r\n.\r\n"#, "<1", #"QUIT\r\n"#, "<1",
        ]

        private func run(_ talk: Talk, dialogues: Dialogues = .ofPorts) throws -> (Connection, [LineEvent]) {
            let server = try DialogueTests.Server("lenient")
            var trace = try LiveTrace(port: server.port, dialogues: dialogues)
            try server.say(talk.steps)
            return (try #require(trace.ended(1).first), trace.lines)
        }

        @Test(
            arguments: [
                Talk("NOOP alone", #"NOOP\r\n"#, "<1"), Talk("nothing"),
                Talk("health check", #"EHLO x.example\r\n"#, "<1", #"NOOP\r\n"#, "<1", #"QUIT\r\n"#, "<1"),
                Talk("any case, bare LF", #"ehlo x.example\n"#, "<1", #"Rset\r\n"#, "<1", #"quit\n"#, "<1"),
                Talk("pipelined", #"EHLO x.example\r\nVRFY root\r\nHELP\r\nEXPN list\r\nQUIT\r\n"#, "<5"),
                Talk("byte by byte", "@1", #"HELO x.example\r\n"#, "<1", #"NOOP\ta b\r\n"#, "<1", #"QUIT \r\n"#, "<1"),
                Talk("no QUIT", #"EHLO x.example\r\n"#, "<1", #"STARTTLS\r\n"#, "<1"),
                Talk(
                    "AUTH", #"EHLO x.example\r\n"#, "<1", #"AUTH LOGIN\r\n"#, "<1", #"Q0xBUk5FVA==\r\n"#, "<1",
                    #"AUTH FOO *\r\n"#, "<1", #"QUIT\r\n"#, "<1"),
                Talk("longest line", "NOOP \(String(repeating: "x", count: 505))\\r\\n", "<1"),
                Talk("211 in one segment", String(repeating: #"NOOP\r\n"#, count: 211), "<211"),
            ])
        func harmlessCommandsAccountForAllBytes(talk: Talk) throws {
            let (connection, lines) = try run(talk)
            #expect(connection.bytesAccounted == connection.bytesSent)
            #expect(!lines.contains { $0.followsGap || String(decoding: $0.text, as: UTF8.self).contains("Q0xB") })
        }

        @Test func itIsTheSameOnAnyPort() throws {
            let (connection, _) = try run(
                Talk("", #"EHLO x.example\r\n"#, "<1", #"NOOP\r\nRSET\r\n"#, "<2", #"QUIT\r\n"#, "<1"),
                dialogues: .ofAnyPort)
            #expect(connection.bytesSent == 34)
            #expect(connection.bytesAccounted == 34)
        }

        @Test(
            arguments: [
                Talk("unknown command", #"EHLO x.example\r\n"#, "<1", #"SOML FROM:<a@x.example>\r\n"#, "<1"),
                Talk("blank line", #"\r\nNOOP\r\n"#, "<1"), Talk("half a line", #"EHLO x.example\r\nQUI"#, "<1"),
                Talk("bare CR", #"NOOP\rXMAIL\r\n"#, "<2"), Talk("NUL", #"NOOP x\x00XMAIL\r\n"#, "<1"),
                Talk("bytes beyond ASCII", #"EHLO x\x8d\x8aXMAIL\r\n"#, "<1"),
                Talk("form feed", #"NOOP\x0c\r\n"#, "<1"),
                Talk("line that some cut", "NOOP \(String(repeating: "x", count: 506))\\r\\n", "<1"),
                Talk("longer than what is kept", "NOOP \(String(repeating: "x", count: 2003))\\r\\n", "<1"),
                Talk("more lines than are looked at", String(repeating: #"NOOP\r\n"#, count: 257), "<257"),
                Talk("refused chunk", #"BDAT 7\r\nNOOP 7\r\n"#, "<2"), Talk("verb and more", #"NOOPS\r\n"#, "<1"),
                Talk("credential nobody asked for", #"AUTH FOO\r\nQ0xBUk5FVA==\r\n"#, "<2"),
                Talk(
                    "second credential", #"AUTH LOGIN\r\n"#, "<1", #"Q0xBUk5FVA==\r\n"#, "<1", #"Q0xBUk5FVA==\r\n"#,
                    "<1"
                ),
                Talk("TLS", #"STARTTLS\r\n"#, "<1", #"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"#),
                Talk("recipient", #"RCPT TO:<b@y.example>\r\n"#, "<1"),
            ])
        func anythingElseStaysUnaccounted(talk: Talk) throws {
            let (connection, lines) = try run(talk)
            #expect(connection.bytesAccounted < connection.bytesSent)
            #expect(!lines.contains { String(decoding: $0.text, as: UTF8.self).contains("Q0xB") })
        }

        /// Each is followed by a mail, which the server takes.
        @Test(
            arguments: [
                Talk("nothing"), Talk("refused chunk", #"BDAT 900000\r\n"#, "<1"),
                Talk("refused chunk of an absurd size", #"BDAT 99999999999999999999 LAST\r\n"#, "<1"),
                Talk(
                    "refused chunk after MAIL", #"MAIL FROM:<decoy@x.example>\r\n"#, "<1", #"BDAT\t900000\r\n"#, "<1",
                    #"RSET\r\n"#, "<1"),
                Talk("BDAT pipelined", #"BDAT 900000\r\nNOOP\r\n"#, "<2"),
                Talk("record of TLS", #"\x16\x03\x01\xff\xff\r\nNOOP\r\n"#, "<1"),
                Talk("record of TLS behind STARTTLS", #"STARTTLS\r\n\x16\x03\x01\xff\xff\r\nNOOP\r\n"#, "<2"),
                Talk("nothing behind STARTTLS", #"STARTTLS\r\n"#, "<1"),
                Talk("AUTH pipelined", #"AUTH FOO\r\nRSET\r\n"#, "<2"), Talk("AUTH in vain", #"AUTH FOO\r\n"#, "<1"),
                Talk("credential", #"AUTH LOGIN\r\n"#, "<1", #"Q0xBUk5FVA==\r\n"#, "<1"),
                Talk("DATA pipelined", #"DATA\r\nRSET\r\n"#, "<2"), Talk("DATA in vain", #"DATA\r\n"#, "<1"),
                Talk("DATA without recipient", #"MAIL FROM:<decoy@x.example>\r\nDATA\r\nRSET\r\n"#, "<3"),
                Talk("junk", String(repeating: #"xxxxxxxxxxxxxxxxxxxx\r\n"#, count: 101), "<101"),
                Talk("one long line", "\(String(repeating: "x", count: 3001))\\r\\n", "<1"),
                Talk("211 NOOPs", String(repeating: #"NOOP\r\n"#, count: 211), "<211"),
            ])
        func mailIsToldWhateverCameBefore(talk: Talk) throws {
            var talk = talk
            talk.steps += Self.mail
            let (connection, lines) = try run(talk)
            #expect(connection.bytesAccounted < connection.bytesSent)
            let dialogue = try #require(connection.dialogue)
            #expect(dialogue.messages > 0)
            #expect(dialogue.accepted == 1)
            #expect(dialogue.saidQuit)
            #expect(lines.contains { $0.kind == .mail && $0.text == Array("MAIL FROM:<a@x.example>".utf8) })
            #expect(!lines.contains { $0.text == Array("MAIL FROM:<no@command.example>".utf8) })
        }

        /// As lenient servers take it.
        @Test(arguments: [
            #"MAIL\tFROM:<a@x.example>\r\n"#, #" MAIL FROM:<a@x.example>\r\n"#, #"\t mail  from : <a@x.example>\n"#,
            #"\x00MAIL FROM:<a@x.example>\r\n"#, #"\xff\xfd\x18MAIL FROM:<a@x.example>\r\n"#,
            #"MAIL:a@x.example\r\n"#, #"MAIL\x0bFROM:<a@x.example>\r\n"#,
        ])
        func mailIsReadLeniently(said: String) throws {
            let (_, lines) = try run(Talk("", #"EHLO x.example\r\n"#, "<1", said, "<1", #"QUIT\r\n"#, "<1"))
            #expect(lines.map(\.kind).filter { $0 != .greeting && $0 != .reply } == [.ehlo, .mail, .quit])
            #expect(lines.filter { $0.kind == .reply }.map(\.ordinal) == [1, 2, 3])
        }

        /// A server that greets in the clear has taken no record of TLS, not even before its greeting.
        @Test func clearGreetingEndsWhatLookedLikeTLS() throws {
            for record in [#"\x16\x03\x01\xff\xff\r\n"#, #"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n"#] {
                var talk = Talk("")
                talk.steps = [record, "<1"] + Self.mail
                let (connection, _) = try run(talk)
                #expect(connection.dialogue?.accepted == 1, "\(record)")
            }
        }

        /// What the server asks for after a command that nobody knows is a message all the same: none of it is told.
        @Test func messageIsKnownByTheServersWord() throws {
            let (connection, lines) = try run(
                Talk(
                    "", #"EHLO x.example\r\n"#, "<1",
                    #"NOOP\rMAIL FROM:<a@x.example>\rRCPT TO:<b@y.example>\rDATA\r\n"#,
                    "<4", #"MAIL FROM:<no@command.example>\r\n.\r\n"#, "<1", #"QUIT\r\n"#, "<1"))
            #expect(connection.dialogue?.messages == 0)
            #expect(lines.contains { $0.kind == .reply && $0.code == 354 })
            #expect(lines.last { $0.kind != .reply }?.kind == .quit)
            #expect(connection.bytesAccounted < connection.bytesSent)
        }
    }
}
