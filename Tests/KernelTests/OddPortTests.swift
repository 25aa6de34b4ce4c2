import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// Mail on a port that is not watched, however it begins.
    @Suite struct OddPortTests {
        private typealias Server = DialogueTests.Server

        private func client(_ lines: [LineEvent]) -> [String] {
            lines.filter { $0.kind != .greeting && $0.kind != .reply }.map { String(decoding: $0.text, as: UTF8.self) }
        }

        /// What comes before EHLO, in one segment with it, in its own, and a byte at a time.
        @Test(arguments: [
            #"NOOP\r\n"#, #"\r\n"#, #"RSET\r\n"#, #"help me\r\n"#, #"WHAT\r\n"#, #"VRFY a\r\n\r\nEXPN b\r\nNOOP\r\n"#,
            #"\n \r\nnoop x/y\n"#, #"no such command: 7\r\n"#,
            #"NOOP aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"#,
            #"this line is longer than what is looked at in one go, as it has eighty-one bytes\r\n"#,
        ])
        func linesBeforeAreLookedAt(before: String) throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            let mail = [#"MAIL FROM:<a@b.example>\r\n"#, #"QUIT\r\n"#]
            let lines = before.components(separatedBy: #"\n"#).count - 1
            let replies = "<\(lines + 3)"
            try server.say(["<1", before + #"EHLO x.example\r\n"#] + mail + [replies])
            try server.say(["<1", before, "<\(lines)", #"EHLO x.example\r\n"#] + mail + ["<3"])
            try server.say(["<1", "@1", before + #"EHLO x.example\r\n"#, "@99"] + mail + [replies])
            let connections = trace.ended(3)
            #expect(connections.count == 3)
            for connection in connections {
                let lines = trace.lines.filter { $0.connection == connection.id }
                #expect(client(lines) == ["EHLO x.example", "MAIL FROM:<a@b.example>", "QUIT"])
            }
        }

        @Test func mailNeedsNoHello() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            try server.say(["<1", #"MAIL FROM:<a@b.example>\r\n"#, "<1", #"QUIT\r\n"#, "<1"])
            try server.say(["<1", "@1", #"NOOP\r\nmail from:<a@b.example>\r\n"#, #"QUIT\r\n"#, "<3"])
            #expect(trace.ended(2).count == 2)
            #expect(client(trace.lines).filter { $0.uppercased().hasPrefix("MAIL FROM:<A@B") }.count == 2)
        }

        @Test func whatIsNoMailIsNotTold() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            for said in [
                #"GET /mail:25 HTTP/1.1\r\nHost: x\r\n\r\n"#, #"CONNECT mx.example:443 HTTP/1.1\r\n\r\n"#,
                #"GET http://x.example/a:25 HTTP/1.1\r\n\r\n"#, #"GET http://x.example:80/ HTTP/1.1\r\n\r\n"#,
                #"GET http://u:25@x.example:80/ HTTP/1.1\r\n\r\n"#, #"CONNECT [2001:db8::25]:443 HTTP/1.1\r\n\r\n"#,
                #"SSH-2.0-OpenSSH_9.2\r\n"#, #"USER mail\r\nPASS x\r\n"#,
                #"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x01\xbb"#,
                #"\x04\x01\x00\x50\x7f\x00\x00\x01\x00"#, #"A\r\nB\r\nC\r\nD\r\nE\r\nF\r\nG\r\n"#,
            ] {
                try server.say(["<1", said])
            }
            try server.say(["<1", #"EHLO last.example\r\n"#, "<1", #"QUIT\r\n"#, "<1"])
            let connections = trace.ended(1)
            #expect(connections.count == 1)
            #expect(client(trace.lines) == ["EHLO last.example", "QUIT"])
        }

        /// Data in the SYN, whether the server takes it or has it sent again.
        @Test(arguments: [#"EHLO syn.example\r\n"#, #"\r\nEHLO syn.example\r\n"#, #"NOOP\r\nEHLO syn.example\r\n"#])
        func helloInTheSYNIsSeen(first: String) throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            let pid = try server.say(["=" + first, "<2", #"MAIL FROM:<a@b.example>\r\n"#, "<1", #"QUIT\r\n"#, "<1"])
            let connection = try #require(trace.ended(1).first)
            #expect(connection.process.description.pid == pid)
            #expect(connection.establishedTime.map { $0 > connection.connectTime } == true)
            #expect(client(trace.lines) == ["EHLO syn.example", "MAIL FROM:<a@b.example>", "QUIT"])
        }

        /// A socket that connects again begins another dialogue, whatever was said before.
        @Test(arguments: [#"EHLO one.example\r\n"#, #"NOOP\r\n"#, #"EHLO one.example\r\nDATA\r\n"#])
        func aSocketThatConnectsAgainIsLookedAtAgain(first: String) throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            let again = ["^", "<1", #"EHLO two.example\r\n"#, "<1", #"MAIL FROM:<a@b.example>\r\n"#, "<1"]
            try server.say(["<1", first, "<1"] + again + again)
            let isMail = first.hasPrefix("EHLO")
            let connections = trace.ended(isMail ? 3 : 2)
            #expect(connections.count == (isMail ? 3 : 2))
            for connection in connections.suffix(2) {
                let lines = trace.lines.filter { $0.connection == connection.id }
                #expect(client(lines) == ["EHLO two.example", "MAIL FROM:<a@b.example>"])
            }
        }

        @Test(arguments: [
            #"CONNECT mx.example:025 HTTP/1.0\r\n\r\n"#, #"CONNECT mx.example:00000000025 HTTP/1.0\r\n\r\n"#,
            #"connect\tmx.example: 25\tHTTP/1.0\r\n\r\n"#, #"CONNECT mx.example :25 HTTP/1.0\r\n\r\n"#,
            #"CONNECT mx.example:+25 HTTP/1.0\r\n\r\n"#, #"CONNECT mx.example:65561 HTTP/1.0\r\n\r\n"#,
            #"CONNECT mx.example:0x19 HTTP/1.0\r\n\r\n"#, #"CONNECT mx.example:031 HTTP/1.0\r\n\r\n"#,
            #"CONNECT mx.example:25x HTTP/1.0\r\n\r\n"#, #"CONNECT mx.example:25\r\n\r\n"#,
            #"GET http://mx.example:25/ HTTP/1.1\r\n\r\n"#, #"POST http://mx.example:025/x HTTP/1.1\r\n\r\n"#,
            #"PROPFIND ftp://u:p@mx.example:25 HTTP/1.1\r\n\r\n"#, #"\r\nGET  HTTP://mx.example:25?a HTTP/1.1\r\n\r\n"#,
        ])
        func portsOfRequestsAreReadAsProxiesDo(request: String) throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            // Each line is answered: what is not read would have the kernel cut off what is still to be sent.
            let replies = "<\(request.components(separatedBy: #"\n"#).count + 1)"
            try server.say(["<1", request, #"EHLO x.example\r\n"#, #"QUIT\r\n"#, replies])
            try server.say(["<1", request + #"EHLO x.example\r\nQUIT\r\n"#, replies])
            try server.say(["<1", "@1", request, "@99", #"EHLO x.example\r\n"#, #"QUIT\r\n"#, replies])
            #expect(trace.ended(3).count == 3)
            #expect(trace.lines.filter { $0.kind == .proxyRequest }.count == 3)
            #expect(trace.lines.filter { $0.kind == .ehlo }.count == 3)
        }

        @Test func requestsToSOCKSComeInAnySegments() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofAnyPort)
            let name = #"\x03\x0amx.example\x00\x19"#
            let requests = [
                #"\x05\x01\x00\x05\x01\x00"# + name,
                #"\x05\x02\x00\x02\x01\x04user\x06secret\x05\x01\x00"# + name,
                #"\x05\x03\x00\x01\x02\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x00\x19"#,
                #"\x04\x01\x00\x19\x00\x00\x00\x07me\x00mx.example\x00"#,
            ]
            for request in requests {
                try server.say(["<1", request + #"EHLO x.example\r\nQUIT\r\n"#, "<2"])
                try server.say(["<1", request, #"EHLO x.example\r\n"#, #"QUIT\r\n"#, "<2"])
                try server.say(["<1", "@1", request, "@99", #"EHLO x.example\r\n"#, #"QUIT\r\n"#, "<2"])
            }
            let connections = trace.ended(3 * requests.count)
            #expect(connections.count == 3 * requests.count)
            for connection in connections {
                let lines = trace.lines.filter {
                    $0.connection == connection.id && $0.kind != .greeting && $0.kind != .reply
                }
                #expect(lines.map(\.kind) == [.proxyRequest, .ehlo, .quit])
                #expect(connection.dialogue?.proxy?.port == 25)
            }
            #expect(!trace.lines.contains { String(decoding: $0.text, as: UTF8.self).contains("secret") })
        }
    }
}
