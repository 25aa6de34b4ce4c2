import Testing

@testable import MailWatch

/// What else is worth a word.
struct JudgeReasonTests {
    private func process(exe: String, argv: String? = nil, isDeleted: Bool = false) -> ProcessDescription {
        var process = ProcessDescription.sample
        process.exe = Array(exe.utf8)
        process.argv = Array((argv ?? exe + "\0").utf8)
        process.isExeDeleted = isDeleted
        return process
    }

    /// All reasons of a spam that are not those of the verdict.
    private func codes(
        _ process: ProcessDescription = .sample, facts: ScriptFacts? = nil, php: PHPContext? = nil,
        hello: String = "host.example"
    ) throws -> [Reason.Code] {
        var trace = JudgedTrace(process, facts: facts, php: php)
        let judgement = try trace.whole(.said("EHLO \(hello)"), .said("MAIL FROM:<a@b.example>", 2))
        return judgement.codes.filter { $0 != .remoteMX && $0 != .noMailServer }
    }

    /// Whoever only calls itself so is judged as all others.
    @Test(arguments: [true, false], [25, 587, 2525] as [UInt16])
    func connectOfTheKernelIsNoAlarm(isKernel: Bool, port: UInt16) throws {
        var process = ProcessDescription.sample
        process.comm = Array("kworker/u4:1".utf8)
        (process.exe, process.argv) = ([], [])
        process.isKernelThread = isKernel
        var trace = JudgedTrace(process)
        let judgement = try trace.whole(port: port, sent: 44)
        #expect(judgement.codes.contains(.kernelConnect) == isKernel)
        if isKernel {
            #expect(judgement.verdict == .unknown)
            #expect(
                judgement.sentence(.kernelConnect)
                    == "The kernel itself connected to port \(port), for a file system or the like: no program did.")
        }
        var silent = JudgedTrace(process)
        #expect(try (silent.refused().verdict == .directMX) == !isKernel)
    }

    @Test func mailFromAThreadOfTheKernelIsAnAlarm() throws {
        var process = ProcessDescription.sample
        process.isKernelThread = true
        var trace = JudgedTrace(process)
        let judgement = try trace.whole(.said("EHLO x.example"), .said("MAIL FROM:<a@b.example>", 2))
        #expect(judgement.verdict == .directMX)
    }

    @Test func deletedProgramIsSaid() throws {
        #expect(try codes(process(exe: "/usr/bin/perl", isDeleted: true)) == [.exeDeleted])
    }

    @Test(
        arguments: [
            ("/tmp/x", .exeInTemporaryFolder), ("/var/tmp/.a/x", .exeInTemporaryFolder),
            ("/dev/shm/x", .exeInTemporaryFolder), ("/tmpx/x", nil), ("/tmp", nil),
            ("/var/www/shop/uploads/x", .exeInUploads), ("/srv/www/a/files/b/x", .exeInUploads),
            ("/home/ann/public_html/cache/x", .exeInUploads), ("/home/ann/files/x", nil), ("/media/www/x", nil),
            ("/usr/share/www/uploads/x", nil), ("/opt/www/uploads/x", nil), ("/var/www/shop/bin/uploads", nil),
        ] as [(String, Reason.Code?)])
    func placeOfTheProgramIsSaid(exe: String, code: Reason.Code?) throws {
        #expect(try codes(process(exe: exe)) == (code.map { [$0] } ?? []))
    }

    @Test(
        arguments: [
            ("/srv/www/wp-content/uploads/2026/x.php", nil, true), ("/srv/www/uploads.php", nil, false),
            ("/srv/www/x/uploads", nil, false), ("/srv/www/wp-content/plugins/uploads/x.php", .plugin, false),
            ("/srv/www/media/x.php", .uploads, true),
        ] as [(String, WebApplication.Component.Kind?, Bool)])
    func placeOfTheScriptIsSaid(path: String, kind: WebApplication.Component.Kind?, isUploaded: Bool) throws {
        var context = PHPContext()
        context.frames = [.init(kind: .user, file: Array(path.utf8), line: 7)]
        var facts = ScriptFacts()
        facts.application = WebApplication(
            kind: .wordPress, root: Array("/srv/www".utf8), component: kind.map { .init(kind: $0, name: []) })
        #expect(try codes(facts: facts, php: context) == (isUploaded ? [.scriptInUploads] : []))
    }

    /// exe, argv[0].
    @Test(arguments: [
        ("/usr/bin/perl", "/usr/sbin/httpd"), ("/usr/bin/perl", "apache2"), ("/usr/bin/perl", "[kworker/0:0]"),
        ("/usr/bin/perl", "/usr/local/apache/bin/httpd -DSSL"), ("/usr/bin/python3.11", "nginx: worker process"),
        ("/usr/bin/perl", "sshd: root@pts/0"), ("/usr/bin/perl", "-bash"), ("/usr/bin/perl", "/usr/sbin/sendmail"),
        ("/var/www/a/x", "/usr/sbin/sshd"), ("/home/ann/miner", "php-fpm: pool www"), ("/home/ann/x", "[kthreadd]"),
        ("/usr/bin/php8.2", "/usr/sbin/apache2"), ("/home/ann/x", "y"),
    ])
    func falseNameIsSaid(exe: String, title: String) throws {
        #expect(try codes(process(exe: exe, argv: title + "\0-x\0")) == [.argvMismatch])
    }

    @Test(arguments: [
        ("/usr/bin/php8.2", "php"), ("/usr/bin/php8.2", "/usr/bin/php"), ("/usr/sbin/php-fpm8.2", "php-fpm: pool www"),
        ("/usr/bin/perl", "/usr/bin/perl"), ("/usr/bin/perl", "perl5.36.0"), ("/usr/bin/python3.11", "python3"),
        ("/usr/bin/ruby3.1", "ruby"), ("/usr/bin/bash", "-bash"), ("/usr/bin/bash", "/bin/bash"),
        ("/usr/bin/dash", "sh"),
        ("/usr/bin/busybox", "httpd"), ("/usr/bin/msmtp", "sendmail"), ("/usr/sbin/exim4", "/usr/sbin/sendmail"),
        ("/usr/sbin/exim4", "exim"), ("/usr/libexec/sendmail/sendmail", "sendmail: accepting connections"),
        ("/usr/sbin/dma", "newaliases"), ("/usr/bin/perl", "/usr/sbin/spamd child"),
        ("/usr/bin/perl", "amavisd (master)"),
        ("/usr/bin/python3.11", "gunicorn: master [shop]"), ("/usr/bin/ruby3.1", "puma 6.0 (tcp://0.0.0.0:3000) [a]"),
        ("/usr/sbin/nginx", "nginx: worker process"), ("/usr/lib/openssh/sshd-session", "sshd: ann [priv]"),
        ("/usr/bin/nc.openbsd", "nc"), ("/usr/bin/inetutils-telnet", "telnet"), ("/usr/bin/node", "nodejs"),
        ("/usr/local/lsws/bin/lsphp", "lsphp:/home/ann/a.php"), ("/opt/My Tool/run", "/opt/My Tool/run"),
        ("/usr/bin/curl", ""), ("/usr/bin/[", "["),
    ])
    func rightNameIsNot(exe: String, title: String) throws {
        #expect(try codes(process(exe: exe, argv: title + "\0-x\0")) == [])
    }

    @Test func nameThatWasNotReadIsNot() throws {
        var cut = process(exe: "/usr/bin/curl", argv: "/very/long")
        cut.gaps = .argvTruncated
        #expect(try codes(cut) == [])
        cut.exe = []
        cut.gaps = []
        #expect(try codes(cut) == [])
    }

    @Test(
        arguments: [
            ("host.example", nil), ("HOST.example.", nil), ("mail.host.example", nil), ("[203.0.113.5]", nil),
            ("[IPv6:2001:db8::5]", nil), ("[ipv6:2001:DB8::5]", nil), ("203.0.113.5", nil), ("[198.51.100.7]", nil),
            ("mail.com", .foreignHello), ("[192.0.2.1]", .foreignHello), ("[IPv6:2001:db8::6]", .foreignHello),
            ("ample", .foreignHello), ("[", .foreignHello), ("[]", .foreignHello), ("..", .foreignHello),
            ("\u{1B}[2J", .foreignHello), ("shop.example", .helloIsVirtualHost), ("SHOP.example", .helloIsVirtualHost),
        ] as [(String, Reason.Code?)])
    func nameOfAnotherHostIsSaid(hello: String, code: Reason.Code?) throws {
        var context = PHPContext()
        context.host = Array("Shop.example:8443".utf8)
        #expect(try codes(php: context, hello: hello) == (code.map { [$0] } ?? []))
    }

    @Test func nameIsTheLatest() throws {
        var trace = JudgedTrace()
        let judgement = try trace.connect(.said("EHLO one.example"), .said("EHLO two.example"))
        #expect(
            judgement.sentence(.foreignHello)
                == "/usr/bin/php8.2 introduces itself as two.example, which is no name of this host.")
    }

    @Test func hostWithoutNamesKnowsNoForeignOnes() throws {
        var judge = Judge()
        var tracker = Tracker(place: { _ in Placement() }, judge: { judge.judge($0) })
        _ = tracker.handle(.connect(1))
        #expect(try tracker.connection(.line(.said("EHLO mail.com"))).judgement.codes == [.nothingSaid])
    }

    @Test func mailServerMayCallItselfAnything() throws {
        var trace = JudgedTrace(mailServer: MailServer(name: "Postfix", standing: .installed))
        #expect(try trace.connect(.said("EHLO mail.com")).codes == [.installedMTA])
    }

    private static let second: UInt64 = 1_000_000_000

    private func isWide(_ judgement: Judgement) -> Bool { judgement.codes.contains(.fanOut) }

    @Test func manyDestinationsAreSaidFromTheFirstTooMany() throws {
        var trace = JudgedTrace()
        for number in 1...10 as ClosedRange<UInt64> {
            // The same again is none more.
            for _ in 0..<3 { #expect(!isWide(try trace.connect(to: "192.0.2.\(number)", at: number * Self.second))) }
        }
        let eleventh = try trace.connect(to: "192.0.2.11", at: 11 * Self.second)
        #expect(eleventh.codes == [.nothingSaid, .fanOut])
        #expect(eleventh.sentence(.fanOut) == "/usr/bin/php8.2 connected to more than 10 addresses within a minute.")
        #expect(isWide(try trace.connect(to: "192.0.2.1", at: 12 * Self.second)))
        // A minute after the second.
        #expect(isWide(try trace.connect(to: "192.0.2.1", at: 62 * Self.second - 1)))
        #expect(!isWide(try trace.connect(to: "192.0.2.1", at: 62 * Self.second)))
    }

    @Test func connectionThatWasOneOfManyStaysSo() throws {
        var trace = JudgedTrace { $0.fanOutLimit = 1 }
        _ = try trace.connect(to: "192.0.2.1", at: 1)
        #expect(isWide(try trace.whole(to: "192.0.2.2", .said("EHLO host.example"))))
    }

    @Test func otherPortsCountOnlyWithMail() throws {
        var trace = JudgedTrace { $0.fanOutLimit = 2 }
        for number in 1...7 { #expect(!isWide(try trace.whole(to: "192.0.2.\(number)", port: 443))) }
        for number in 1...3 {
            #expect(isWide(try trace.connect(to: "192.0.2.\(number)", port: 8025, .said("EHLO x"))) == (number == 3))
        }
    }

    @Test func mailServersAndThisHostDoNotCount() throws {
        var server = JudgedTrace(mailServer: MailServer(name: "Postfix", standing: .installed)) { $0.fanOutLimit = 1 }
        var local = JudgedTrace { $0.fanOutLimit = 1 }
        for number in 1...7 {
            #expect(!isWide(try server.connect(to: "192.0.2.\(number)")))
            #expect(!isWide(try local.connect(to: "127.0.0.\(number)")))
        }
        #expect(!isWide(try local.connect(to: "192.0.2.1")))
    }

    /// However many senders there are.
    @Test func memoryIsBounded() {
        var fanOut = FanOut(senderLimit: 2)
        var tracker = Tracker { _ in Placement() }
        let senders = (1...3 as ClosedRange<UInt64>).compactMap { number in
            tracker.handle(.connect(number, identity: number, description: process(exe: "/bin/\(number)"))).map {
                Sender($0.connection)
            }
        }
        #expect(senders.map { fanOut.index(of: $0) } == [0, 1, nil])
        #expect(fanOut.index(of: senders[1]) == 1)
        fanOut.reset()
        #expect(fanOut.index(of: senders[2]) == 0)
    }

    @Test func everyReasonHasASentence() {
        for code in Reason.Code.allCases {
            let sentence = Reason(code, program: Array("/a/b".utf8), number: 25, name: Array("x.example".utf8)).sentence
            #expect(sentence.count > 17 && !sentence.contains { "@#*".utf8.contains($0) })
        }
        // What is said cannot change a sentence.
        #expect(Reason(.argvMismatch, program: [], name: Array("@#*".utf8)).sentence.contains("@#*"))
    }
}
