import Testing

@testable import MailWatch

struct SMTPDialogueTests {
    private func dialogue(_ lines: LineEvent...) -> SMTPDialogue {
        var dialogue = SMTPDialogue()
        for line in lines { dialogue.take(line) }
        return dialogue
    }

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test func spamIsToldWhole() {
        let dialogue = dialogue(
            .said("220 smtp-27.iol.local ESMTP", 0), .said("EHLO mail.com", 1), .said("250 CHUNKING", 1),
            .said("MAIL FROM:<posteitaliane@test123.it> SIZE=1009 BODY=8BITMIME", 2),
            .said("250 ok", 2), .said("RCPT TO:<victim@libero.example>", 3, recipients: 1), .said("250 ok", 3),
            .said("DATA", 14, recipients: 11), .said("354 go on", 14, recipients: 11), .said("250 queued as X", 14),
            .said("QUIT", 15), .said("221 bye", 15))
        #expect(dialogue.greeting == SMTPDialogue.Reply(code: 220, text: Array("smtp-27.iol.local ESMTP".utf8)))
        #expect(dialogue.hello == .ehlo)
        #expect(text(dialogue.helloName) == "mail.com")
        #expect(text(dialogue.sender) == "posteitaliane@test123.it")
        #expect(dialogue.size == 1009)
        #expect(text(dialogue.recipient) == "victim@libero.example")
        #expect(dialogue.recipients == 11)
        #expect(dialogue.messages == 1)
        #expect(dialogue.accepted == 1)
        #expect(dialogue.lastReply == SMTPDialogue.Reply(code: 221, text: Array("bye".utf8)))
        #expect(dialogue.reachedData && dialogue.saidQuit)
        #expect(!dialogue.isEncrypted && !dialogue.saidStartTLS && dialogue.authMechanism.isEmpty)
        #expect(dialogue.gaps.isEmpty && dialogue.proxy == nil)
    }

    @Test(
        arguments: [
            ("MAIL FROM:<a@b.example>", "a@b.example", nil), ("mail from:<a@b.example> size=7", "a@b.example", 7),
            ("MAIL FROM: <a@b.example>  BODY=7BIT  SIZE=18446744073709551615", "a@b.example", UInt64.max),
            ("MAIL FROM:a@b.example SIZE=5", "a@b.example", 5), ("MAIL FROM : <a@b.example>", "a@b.example", nil),
            ("MAIL FROM <a@b.example>", "a@b.example", nil), ("MAIL FROM:<> SIZE=3", "", 3), ("MAIL FROM:", nil, nil),
            ("MAIL", nil, nil), ("MAIL FROM:<@one.example,@two.example:a@b.example>", "a@b.example", nil),
            ("MAIL FROM:@one.example:a@b.example SIZE=2", "a@b.example", 2),
            (#"MAIL FROM:<"a > b"@c.example> SIZE=9"#, #""a > b"@c.example"#, 9),
            (#"MAIL FROM:<"a\" > b"@c.example> SIZE=9"#, #""a\" > b"@c.example"#, 9),
            (#"MAIL FROM:"a b"@c.example SIZE=1"#, #""a b"@c.example"#, 1),
            ("MAIL FROM:<a@b.example", "a@b.example", nil), ("MAIL FROM:<a@b.example>SIZE=4", "a@b.example", 4),
            ("MAIL FROM:<a@b.example> SIZE=18446744073709551616", "a@b.example", nil),
            ("MAIL FROM:<a@b.example> SIZE=+1", "a@b.example", nil),
            ("MAIL FROM:<a@b.example> SIZE=", "a@b.example", nil),
            ("MAIL FROM:<@a@b:c>", "c", nil), ("MAIL FROM:<@a b:c>", "@a b:c", nil),
            (#"MAIL FROM:<"\"#, #""\"#, nil), ("MAIL FROM:<a@b.example>\r", "a@b.example", nil),
        ] as [(String, String?, UInt64?)])
    func pathIsReadAsServersDo(line: String, sender: String?, size: UInt64?) {
        let dialogue = dialogue(.said(line))
        #expect(text(dialogue.sender) == sender)
        #expect(dialogue.size == size)
        #expect(dialogue.messages == 1)
    }

    @Test func firstPathsStand() {
        let dialogue = dialogue(
            .said("MAIL FROM:<>"), .said("RCPT TO:<one@b.example>"), .said("MAIL FROM:<a@b.example> SIZE=7"),
            .said("rcpt to: two@b.example"))
        #expect(dialogue.sender == [])
        #expect(dialogue.size == nil)
        #expect(text(dialogue.recipient) == "one@b.example")
        #expect(dialogue.messages == 2)
    }

    @Test func absurdLengthsAreBounded() {
        let long = String(repeating: "x", count: 1013)
        let dialogue = dialogue(
            .said("EHLO \(long)", isCut: true), .said("MAIL FROM:<\(long)>"), .said("RCPT TO:\(long)"),
            .said("AUTH \(long)"), .said("550 \(long)"))
        #expect(dialogue.helloName.count == 255)
        #expect(dialogue.sender?.count == 320)
        #expect(dialogue.recipient?.count == 320)
        #expect(dialogue.authMechanism.isEmpty)
        #expect(dialogue.lastReply?.text.count == 120)
        #expect(dialogue.gaps == .lineCut)
    }

    /// The name that the server writes into Received.
    @Test(
        arguments: [
            (["EHLO one.example"], .ehlo, "one.example"), (["helo one.example"], .helo, "one.example"),
            (["LHLO  one.example "], .lhlo, "one.example"), (["EHLO"], .ehlo, ""),
            (["EHLO one.example", "HELO two.example"], .helo, "two.example"),
            (["EHLO one.example", "STARTTLS", "EHLO two.example"], .ehlo, "two.example"),
            (["EHLO one.example", "HELO"], .ehlo, "one.example"), (["EHLO", "HELO two.example"], .helo, "two.example"),
            (["EHLO one.example", "MAIL FROM:<>", "EHLO two.example"], .ehlo, "one.example"),
        ] as [([String], SMTPDialogue.Hello, String)])
    func latestNameBeforeMailStands(lines: [String], hello: SMTPDialogue.Hello, name: String) {
        var dialogue = SMTPDialogue()
        for line in lines { dialogue.take(.said(line)) }
        #expect(dialogue.hello == hello)
        #expect(text(dialogue.helloName) == name)
    }

    @Test func onlyTheEndOfDataIsAccepted() {
        #expect(dialogue(.said("DATA", 4), .said("354 go on", 4)).accepted == 0)
        #expect(dialogue(.said("DATA", 4), .said("354 go on", 4), .said("552 too big", 4)).accepted == 0)
        #expect(dialogue(.said("DATA", 4), .said("250 ok", 3)).accepted == 0)
        #expect(dialogue(.said("MAIL FROM:<>", 2), .said("250 ok", 2)).accepted == 0)
        // Pipelined: the answer comes after the next DATA.
        #expect(
            dialogue(.said("DATA", 4), .said("DATA", 7), .said("250 ok", 4), .said("354 on", 7), .said("250 ok", 7))
                .accepted == 2)
    }

    @Test func chunksAreAcceptedWithTheLast() {
        let first = dialogue(.said("BDAT 1009", 4), .said("250 ok", 4))
        #expect(first.reachedData)
        #expect(first.accepted == 0)
        #expect(dialogue(.said("BDAT 7", 4), .said("bdat 0 last", 5), .said("250 ok", 4)).accepted == 0)
        #expect(
            dialogue(.said("BDAT 7", 4), .said("bdat 0 last", 5), .said("250 ok", 4), .said("250 ok", 5)).accepted == 1)
    }

    @Test func messageForManyIsAcceptedOnce() {
        let dialogue = dialogue(
            .said("LHLO x"), .said("DATA", 5), .said("354 on", 5), .said("550 no", 5), .said("250 ok", 5),
            .said("250 ok", 5))
        #expect(dialogue.accepted == 1)
    }

    @Test(arguments: [
        ("AUTH PLAIN", "PLAIN"), ("auth scram-sha-256", "SCRAM-SHA-256"), ("AUTH  XOAUTH2 secret", "XOAUTH2"),
        ("AUTH", ""), ("AUTH dGVzdA==", ""), ("AUTH AAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA"),
        ("AUTH AAAAAAAAAAAAAAAAAAAAA", ""),
    ])
    func mechanismIsAllOfAuth(line: String, mechanism: String) {
        #expect(text(dialogue(.said(line)).authMechanism) == mechanism)
    }

    @Test func tlsHidesUnlessItIsRead() {
        let hidden = dialogue(.said("STARTTLS"), .bytes(.clientHello, [0x16, 3, 1]))
        #expect(hidden.saidStartTLS && hidden.isEncrypted)
        #expect(hidden.gaps == .encrypted)
        let read = dialogue(.bytes(.clientHello, [0x16, 3, 1]), .said("EHLO x", isInTLS: true))
        #expect(read.isEncrypted)
        #expect(read.gaps.isEmpty)
        #expect(text(read.helloName) == "x")
    }

    @Test func missingBytesAreSaid() {
        #expect(dialogue(.said("QUIT", followsGap: true)).gaps == .bytesMissing)
        // A reply is only promised for its beginning.
        #expect(dialogue(.said("250 ok", isCut: true)).gaps.isEmpty)
    }

    @Test func answerToQuitIsNoRefusal() {
        #expect(dialogue(.said("554 go away", 0)).isRefused)
        #expect(dialogue(.said("EHLO x", 1), .said("550 no", 1), .said("QUIT", 2), .said("221 bye", 2)).isRefused)
        #expect(!dialogue(.said("EHLO x", 1), .said("502 what", 1), .said("HELO x", 2), .said("250 ok", 2)).isRefused)
    }

    /// Equal is what was said the same, whatever is still awaited.
    @Test func memoryIsNoPartOfEquality() {
        #expect(dialogue(.said("DATA", 4)) == dialogue(.said("DATA", 5)))
        #expect(dialogue(.said("DATA", 4)) != dialogue(.said("QUIT", 4)))
    }

    private typealias Proxy = SMTPDialogue.Proxy

    @Test(
        arguments: [
            ([4, 1, 0, 25, 192, 0, 2, 7, 0x75, 0], Proxy(kind: .socks4, host: Array("192.0.2.7".utf8), port: 25)),
            (
                [4, 1, 2, 75, 0, 0, 0, 9, 0x75, 0] + Array("mx.example".utf8) + [0],
                Proxy(kind: .socks4, host: Array("mx.example".utf8), port: 587)
            ),
            ([4, 1, 0, 25, 0, 0, 0, 9, 0x75], nil), ([4, 2, 0, 25, 192, 0, 2, 7, 0], nil),
            ([4, 1, 0, 25, 192, 0, 2], nil),
            ([5, 1, 0, 1, 192, 0, 2, 7, 0, 25], Proxy(kind: .socks5, host: Array("192.0.2.7".utf8), port: 25)),
            (
                [5, 1, 0, 3, 10] + Array("mx.example".utf8) + [0, 25],
                Proxy(kind: .socks5, host: Array("mx.example".utf8), port: 25)
            ),
            (
                [5, 1, 0, 4, 0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7, 1, 0xD1],
                Proxy(kind: .socks5, host: Array("2001:db8::7".utf8), port: 465)
            ),
            ([5, 1, 0, 3, 11] + Array("mx.example".utf8) + [0, 25], nil), ([5, 1, 0, 2, 0, 0, 0, 0, 0, 0], nil),
            ([5], nil),
            (
                Array("CONNECT mx.example:25 HTTP/1.1".utf8),
                Proxy(kind: .http, host: Array("mx.example".utf8), port: 25)
            ),
            (Array("connect [2001:db8::7]:25".utf8), Proxy(kind: .http, host: Array("[2001:db8::7]".utf8), port: 25)),
            (
                Array("CONNECT mx.example:+00025 HTTP/1.1".utf8),
                Proxy(kind: .http, host: Array("mx.example".utf8), port: 25)
            ),
            (
                Array("CONNECT\tmx.example : 65561".utf8),
                Proxy(kind: .http, host: Array("mx.example".utf8), port: 25)
            ),
            (Array("CONNECT mx.example:0x1d1".utf8), Proxy(kind: .http, host: Array("mx.example".utf8), port: 465)),
            (Array("CONNECT mx.example:01113".utf8), Proxy(kind: .http, host: Array("mx.example".utf8), port: 587)),
            (
                Array("GET http://u:p@mx.example:25/a:80 HTTP/1.1".utf8),
                Proxy(kind: .http, host: Array("mx.example".utf8), port: 25)
            ),
            (Array("GET /a:25 HTTP/1.1".utf8), nil), (Array("OPTIONS * HTTP/1.1".utf8), nil),
            (Array("CONNECT mx.example HTTP/1.1".utf8), nil), (Array("CONNECT mx.example:65536".utf8), nil), ([], nil),
        ] as [([UInt8], SMTPDialogue.Proxy?)])
    func proxyRequestIsRead(bytes: [UInt8], proxy: SMTPDialogue.Proxy?) {
        #expect(dialogue(.bytes(.proxyRequest, bytes)).proxy == proxy)
    }
}
