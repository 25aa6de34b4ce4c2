import Testing

@testable import MailWatch

/// Which verdict comes out, and what decided.
struct JudgeTests {
    private let postfix = MailServer(name: "Postfix", standing: .installed)
    private let hello = LineEvent.said("EHLO host.example", 1)
    private let mail = LineEvent.said("MAIL FROM:<posteitaliane@test123.it>", 2)
    private let socks = LineEvent.bytes(.proxyRequest, [4, 1, 0, 25, 192, 0, 2, 7, 0])
    private let tls = LineEvent.bytes(.clientHello, [0x16, 3, 1])

    /// The sample of the complaint, on the port of mail and on others.
    @Test(arguments: [(25, .remoteMX), (26, .oddPort), (8025, .oddPort)] as [(UInt16, Reason.Code)])
    func spamIsTheAlarm(port: UInt16, code: Reason.Code) throws {
        var trace = JudgedTrace()
        let judgement = try trace.whole(port: port, .said("EHLO mail.com", 1), mail)
        #expect(judgement.verdict == .directMX)
        #expect(judgement.codes == [code, .noMailServer, .foreignHello])
        let sentences = judgement.reasons.map { String(decoding: $0.sentence, as: UTF8.self) }
        #expect(sentences[0].contains("/usr/bin/php8.2") && sentences[0].contains("port \(port)"))
        #expect(
            sentences[1...] == [
                "/usr/bin/php8.2 is no mail server that is installed on this host.",
                "/usr/bin/php8.2 introduces itself as mail.com, which is no name of this host.",
            ])
    }

    @Test func handoverIsLocal() throws {
        var trace = JudgedTrace()
        let judgement = try trace.handover()
        #expect(judgement.verdict == .local)
        #expect(judgement.codes == [.handedOver])
    }

    @Test(
        arguments: [
            ("127.0.0.1", .loopback), ("::1", .loopback), ("203.0.113.5", .ownAddress), ("2001:db8::5", .ownAddress),
            // What the socket is bound to.
            ("198.51.100.7", .ownAddress),
        ] as [(String, Reason.Code)])
    func thisHostIsLocal(destination: String, code: Reason.Code) throws {
        var trace = JudgedTrace()
        let judgement = try trace.whole(to: destination, hello, mail)
        #expect(judgement.verdict == .local)
        #expect(judgement.codes == [code])
    }

    @Test func unboundSourceIsNoOwnAddress() throws {
        var trace = JudgedTrace()
        #expect(try trace.refused(to: "0.0.0.0").verdict != .unknown)
    }

    @Test func proxyOfThisHostIsNotLocal() throws {
        var trace = JudgedTrace()
        let judgement = try trace.whole(to: "127.0.0.1", port: 9050, socks, .said("EHLO host.example"), mail)
        #expect(judgement.verdict == .directMX)
        #expect(judgement.codes == [.viaProxy, .remoteMX, .noMailServer])
        #expect(judgement.sentence(.viaProxy) == "/usr/bin/php8.2 goes through a proxy to port 25 of 192.0.2.7.")
    }

    /// A client can ask for anything, also a mail server that takes the request for a wrong command.
    @Test(arguments: [
        "CONNECT relay.example:587 HTTP/1.1", "CONNECT 192.0.2.7:465", "CONNECT 192.0.2.7:25", "CONNECT 127.0.0.1:25",
        "CONNECT [2001:db8::5]:587",
    ])
    func whatAProxyIsAskedForProvesNothing(request: String) throws {
        var trust = Policy.Trust()
        trust.destinations = [Network("192.0.2.0/24")!, Network("127.0.0.0/8")!, Network("2001:db8::/32")!]
        var trace = JudgedTrace { $0.trusted = [trust] }
        let asked = LineEvent.bytes(.proxyRequest, Array(request.utf8))
        for port in [587, 2600] as [UInt16] {
            let judgement = try trace.whole(to: "192.0.2.43", port: port, asked, .said("EHLO host.example"), mail)
            #expect(judgement.verdict == .directMX)
            #expect(judgement.codes.first == .viaProxy)
            #expect(try trace.whole(to: "192.0.2.43", port: port, asked, tls).verdict == .directMX)
        }
        // The same server without a proxy is trusted.
        #expect(try trace.whole(to: "192.0.2.43", port: 2600, hello, mail).codes == [.trusted])
    }

    @Test func proxyThatIsAskedForSubmissionIsNamedByThatReasonAlone() throws {
        var trace = JudgedTrace()
        let judgement = try trace.whole(
            to: "127.0.0.1", .bytes(.proxyRequest, Array("CONNECT r.example:587".utf8)), hello, mail)
        #expect(judgement.codes == [.viaProxy, .noMailServer])
        #expect(judgement.sentence(.viaProxy) == "/usr/bin/php8.2 goes through a proxy to port 587 of r.example.")
    }

    @Test func installedMailServerDelivers() throws {
        var trace = JudgedTrace(mailServer: postfix)
        for judgement in [
            try trace.connect(), try trace.whole(hello, mail), try trace.refused(), try trace.whole(port: 587),
        ] {
            #expect(judgement.verdict == .mta)
            #expect(judgement.codes == [.installedMTA])
        }
        #expect(
            try trace.connect().sentence(.installedMTA)
                == "/usr/bin/php8.2 is Postfix, which is installed on this host.")
    }

    @Test func mailServerOfAContainerIsOnlyAReason() throws {
        var trace = JudgedTrace(mailServer: MailServer(name: "Exim", standing: .inContainer))
        let judgement = try trace.whole(hello, mail)
        #expect(judgement.verdict == .directMX)
        #expect(judgement.codes == [.remoteMX, .noMailServer, .mailServerInContainer])
    }

    @Test(arguments: [465, 587, 2525] as [UInt16]) func submissionIsToASmarthost(port: UInt16) throws {
        var trace = JudgedTrace()
        #expect(try trace.connect(port: port).codes == [.submissionPort])
        let judgement = try trace.whole(port: port, hello, .said("AUTH PLAIN"), mail)
        #expect(judgement.verdict == .smarthost)
        #expect(judgement.codes == [.submissionPort])
        #expect(try trace.whole(port: port, hello, mail).codes == [.submissionPort, .submissionWithoutAuth])
        #expect(try trace.whole(port: port, hello, tls).codes == [.submissionPort])
    }

    @Test func nothingSaidYetIsUnknown() throws {
        var trace = JudgedTrace()
        for judgement in [try trace.connect(), try trace.connect(hello), try trace.connect(.said("220 mx", 0))] {
            #expect(judgement.verdict == .unknown)
            #expect(judgement.codes == [.nothingSaid])
        }
    }

    @Test func otherPortWithoutMailIsUnknown() throws {
        var trace = JudgedTrace()
        for judgement in [try trace.connect(port: 8080), try trace.whole(port: 8080), try trace.refused(port: 8080)] {
            #expect(judgement.verdict == .unknown)
            #expect(judgement.codes == [.nothingSaid])
        }
    }

    @Test func openAlarmDoesNotWaitForTheEnd() throws {
        var trace = JudgedTrace()
        #expect(try trace.connect(hello, mail).codes == [.remoteMX, .noMailServer])
        let hidden = try trace.connect(hello, .said("STARTTLS"), tls)
        #expect(hidden.verdict == .directMX)
        #expect(hidden.codes == [.remoteMX, .encrypted, .noMailServer])
        // What is read within TLS is the process's word: it makes an alarm, and no probe.
        let read = try trace.whole(tls, .said("EHLO host.example", isInTLS: true), .said("QUIT", isInTLS: true))
        #expect(read.codes == [.remoteMX, .encrypted, .noMailServer])
        let said = try trace.connect(tls, .said("MAIL FROM:<a@b.example>", isInTLS: true))
        #expect(said.codes == [.remoteMX, .noMailServer])
    }

    /// A message that the server asks for is one, whatever was seen of what led to it.
    @Test func messageWithoutEnvelopeIsAnAlarm() throws {
        var trace = JudgedTrace()
        let judgement = try trace.connect(hello, .said("250 ok", 1), .said("354 go on", 2))
        #expect(judgement.codes == [.remoteMX, .noMailServer])
        for said in ["DATA", "BDAT 900000", "RCPT TO:<b@y.example>"] {
            let refused = try trace.whole(hello, .said(said, 2, recipients: 1), .said("503 MAIL first", 2))
            #expect(refused.codes == [.remoteMX, .noMailServer], "\(said)")
        }
        #expect(try trace.connect(hello, .said("AUTH LOGIN", 2), .said("334 VXNlcm5hbWU6", 2)).verdict == .unknown)
    }

    /// Every byte has to be of a known command; one is enough.
    @Test(arguments: [0, 1, 210, 212] as [UInt64]) func bytesThatNothingAccountsForAreAnAlarm(accounted: UInt64) throws
    {
        var trace = JudgedTrace()
        let judgement = try trace.whole(accounted: accounted, hello, .said("QUIT", 2))
        #expect(judgement.codes == [.remoteMX, .dialogueNotSeen, .noMailServer])
        // However many there are.
        #expect(try trace.whole(sent: 1_000_003, hello, .said("QUIT", 2)).codes == [.closedBeforeMail])
    }

    /// A server that verifies no addresses and offers no AUTH has not refused the client.
    @Test func refusalIsOfWhatLeadsToMail() throws {
        var trace = JudgedTrace()
        // Answers to VRFY, which has number 2 and is not told.
        #expect(try trace.whole(hello, .said("250 ok", 1), .said("502 no VRFY", 2)).codes == [.closedBeforeMail])
        #expect(
            try trace.whole(hello, .said("250 ok", 1), .said("550 nobody", 2), .said("QUIT", 3), .said("221 bye", 3))
                .codes == [.closedBeforeMail])
        // Said unasked, to a client that closes.
        for ordinal in [1, 2] as [UInt32] {
            #expect(
                try trace.whole(hello, .said("250 ok", 1), .said("421 lost connection", ordinal)).codes
                    == [.closedBeforeMail])
        }
        #expect(
            try trace.whole(hello, .said("250 ok", 1), .said("AUTH LOGIN", 2), .said("334 x", 2), .said("535 no", 2))
                .codes.contains(.rejected))
        #expect(try trace.whole(hello, .said("554 go away", 1), .said("250 ok", 2)).codes.contains(.rejected))
        #expect(
            try trace.whole(hello, .said("502 no EHLO", 1), .said("HELO host.example", 2), .said("250 ok", 2)).codes
                == [.closedBeforeMail])
    }

    @Test func endWithoutMailIsAlarmOrProbe() throws {
        var trace = JudgedTrace()
        let cases: [(Judgement, Reason.Code?)] = [
            (try trace.refused(), .notEstablished),
            (try trace.whole(.said("554 go away", 0), .said("QUIT", 1), .said("221 bye", 1)), .rejected),
            (try trace.whole(.said("220 mx", 0), hello, .said("421 later", 1)), .rejected),
            (try trace.whole(sent: 0, .said("554 go away", 0)), .rejected),
            (try trace.whole(accounted: 0), .dialogueNotSeen),
            (try trace.whole(accounted: 0, .said("220 mx", 0)), .dialogueNotSeen),
            (try trace.whole(hello, .said("QUIT", 2, followsGap: true)), .dialogueNotSeen),
            (try trace.whole(accounted: 17, hello), .dialogueNotSeen), (try trace.unfollowed(), .dialogueNotSeen),
            (try trace.whole(hello, .said("250 ok"), .said("QUIT", 2), .said("221 bye", 2)), nil),
            (try trace.whole(error: 104, hello), nil), (try trace.whole(sent: 0), nil),
            (try trace.whole(sent: 0, .said("220 mx", 0)), nil), (try trace.whole(.said("QUIT")), nil),
        ].map { ($0.0, $0.1) }
        for (number, (judgement, code)) in cases.enumerated() {
            #expect(judgement.verdict == (code == nil ? .probe : .directMX), "\(number)")
            #expect(
                judgement.codes == (code.map { [.remoteMX, $0, .noMailServer] } ?? [.closedBeforeMail]), "\(number)")
        }
        #expect(cases[1].0.sentence(.rejected) == "The server refused /usr/bin/php8.2 before MAIL: 554 go away")
    }

    @Test func trustCoversAllThatIsGiven() throws {
        func verdict(_ change: (inout Policy.Trust) -> Void) throws -> Verdict {
            var trust = Policy.Trust()
            change(&trust)
            var trace = JudgedTrace(unit: "shop.service") { $0.trusted = [trust] }
            return try trace.whole(hello, mail).verdict
        }
        #expect(try verdict { $0.exe = "/usr/bin/php*" } == .mta)
        #expect(try verdict { $0.uid = 33 } == .mta)
        #expect(try verdict { $0.unit = "shop.*" } == .mta)
        #expect(try verdict { $0.destinations = [Network("192.0.2.0/24")!] } == .mta)
        #expect(
            try verdict {
                $0.uid = 33
                $0.exe = "/usr/bin/perl"
            } == .directMX)
        #expect(
            try verdict {
                $0.uid = 33
                $0.destinations = [Network("192.0.2.26")!]
            } == .directMX)
        #expect(try verdict { $0.uid = 34 } == .directMX)
        #expect(try verdict { $0.container = "*" } == .directMX)
        #expect(try verdict { _ in } == .directMX)
        // argv names send.php.
        #expect(try verdict { $0.script = "*send.php" } == .directMX)
    }

    @Test func trustInAProxyIsNoTrustInWhereItLeads() throws {
        var trust = Policy.Trust()
        trust.destinations = [Network("127.0.0.0/8")!]
        var trace = JudgedTrace { $0.trusted = [trust] }
        #expect(try trace.whole(to: "127.0.0.1", port: 9050, socks, hello, mail).verdict == .directMX)
    }

    @Test func stackIsGroundForTrust() throws {
        var context = PHPContext()
        context.frames = [.init(kind: .user, file: Array("/srv/www/shop/send.php".utf8), line: 7)]
        var trust = Policy.Trust()
        trust.script = "/srv/www/shop/*"
        var facts = ScriptFacts()
        facts.standing = .own(owner: 0)
        var trace = JudgedTrace(facts: facts, php: context) { $0.trusted = [trust] }
        #expect(try trace.whole(hello, mail).codes == [.trusted])
        // Of a file that was not found to be the host's.
        for standing in [FileStanding.foreign, .unknown, .writable, .own(owner: 33)] {
            facts.standing = standing
            var trace = JudgedTrace(facts: facts, php: context) { $0.trusted = [trust] }
            #expect(try trace.whole(hello, mail).verdict == .directMX)
        }
    }

    @Test func policyIsFollowedWhenItChanges() throws {
        var judge = Judge()
        var tracker = Tracker { _ in Placement() }
        let connection = try tracker.connection(.connect(2, port: 26))
        #expect(judge.judge(connection).codes == [.nothingSaid])
        judge.policy.submissionPorts = PortSet([26])
        #expect(judge.judge(connection).codes == [.submissionPort])
    }
}
