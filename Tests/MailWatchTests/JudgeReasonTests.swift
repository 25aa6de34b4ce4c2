import Testing

@testable import MailWatch

/// What else is worth a word.
struct JudgeReasonTests {
    private func process(
        exe: String, argv: String? = nil, isDeleted: Bool = false, startedAs former: String? = nil, in cwd: String = "/"
    ) -> ProcessDescription {
        var process = ProcessDescription.sample
        process.exe = Array(exe.utf8)
        process.argv = Array((argv ?? exe + "\0").utf8)
        process.isExeDeleted = isDeleted
        if let former {
            process.execution?.argv = Array(former.utf8)
            process.execution?.cwd = Array(cwd.utf8)
        } else {
            process.execution = nil
        }
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

    /// argv[0] of a Perl script at exec, and what it calls itself. The names are not those of the script, its folders or
    /// the interpreter.
    @Test(
        arguments: [
            "klogd", "syslogd" + String(repeating: " ", count: 1016), "dbus-daemon --system", "kworker/u8:1",
            "/usr/lib/systemd/systemd-journald", "containerd-shim", "rtkit-daemon", "[rcu_sched]",
            "[kworker/3:1H-events] ",
            "  sshd: root@pts/0", "\tcupsd\t-l", "jbd2/sda1-8", "(sd-pam)", "unheard-of", "b2.pl", "/usr/sbin/x /perl",
            "ksoftirqd/0", "migration/1", String(repeating: "/", count: 1016) + "syslogd",
            "syslogd" + String(repeating: "\0", count: 1015) + "x",
        ])
    func titleThatIsNotTheScriptsIsSaid(title: String) throws {
        for exe in ["/usr/bin/perl", "/usr/bin/python3.11", "/usr/bin/node"] {
            var process = process(exe: exe, argv: title, startedAs: "perl\0b.pl\0\(title)\0", in: "/srv/shop")
            if title.utf8.count > 1000 { process.gaps = .argvTruncated }
            #expect(try codes(process) == [.argvMismatch, .argvChanged], "\(exe)")
        }
    }

    @Test(
        arguments: [
            ("/usr/bin/perl", "/usr/bin/perl -T /usr/sbin/spamd", "spamd child"),
            ("/usr/bin/python3.11", "python3 /usr/bin/gunicorn shop:app", "gunicorn: master [shop:app]"),
            ("/usr/bin/python3.11", "python3 -m celery worker", "celeryd: celery@host:MainProcess"),
            ("/usr/bin/ruby3.1", "ruby /usr/bin/puma -p 80", "puma 6.0 (tcp://0.0.0.0:80) [a]"),
            ("/usr/bin/ruby3.1", "ruby /usr/local/bin/bundle exec sidekiq", "sidekiq 7.0 shop [0 of 5 busy]"),
            ("/usr/bin/node", "node /usr/lib/node_modules/pm2/lib/Daemon.js", "PM2 v5.3.0: God Daemon (/root/.pm2)"),
            ("/usr/bin/perl", "perl /srv/a/send.pl", "send: 3 of 7"),
            ("/usr/bin/perl", "perl /srv/a/b.pl", "perl b.pl 7"),
        ])
    func titleOfAScriptIsAChange(exe: String, former: String, title: String) throws {
        let argv = former.split(separator: " ").joined(separator: "\0") + "\0"
        var trace = JudgedTrace(process(exe: exe, argv: title, startedAs: argv))
        let judgement = try trace.connect()
        #expect(judgement.codes == [.nothingSaid, .argvChanged])
        #expect(judgement.sentence(.argvChanged) == "\(exe) has changed its argv: it was started as \(former).")
    }

    /// Daemons with their usual titles, and programs that have not changed theirs.
    @Test(
        arguments: [
            ("/usr/sbin/nginx", "nginx|-g|daemon off;", "nginx: worker process"),
            ("/usr/sbin/php-fpm8.2", "/usr/sbin/php-fpm8.2|--nodaemonize", "php-fpm: pool www"),
            ("/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-session|-D|-R", "sshd: ann [priv]"),
            ("/usr/libexec/sendmail/sendmail", "sendmail|-bd|-q15m", "sendmail: accepting connections"),
            ("/usr/lib/postfix/sbin/smtp", "smtp|-t|unix|-u|-c", "smtp|-t|unix|-u|-c|"),
            ("/usr/bin/perl", "/usr/bin/perl|/usr/sbin/spamd", "/usr/bin/perl|/usr/sbin/spamd|"),
            ("/usr/bin/bash", "-bash", "-bash|"), ("/opt/x/postgres", "postgres|-D|x", "postgres: checkpointer"),
        ])
    func usualTitleIsNone(exe: String, former: String, title: String) throws {
        func zeroed(_ text: String) -> String {
            text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\0")
        }
        #expect(try codes(process(exe: exe, argv: zeroed(title), startedAs: zeroed(former) + "\0")) == [])
    }

    /// A daemon's name, or a system's path, on a file where no daemon is installed.
    @Test(arguments: [
        ("/dev/shm/httpd", "httpd", true), ("/tmp/.x/sshd", "/usr/sbin/sshd", true), ("/tmp/sshd", "sshd: root", true),
        ("/memfd:nginx", "nginx", true), ("/memfd:x/crond", "crond", true),
        ("/var/tmp/dbus-daemon", "dbus-daemon", true),
        ("/var/www/a/cron", "/usr/sbin/cron", true), ("/home/ann/bin/perl", "/usr/bin/perl", true),
        ("/tmp/tool", "tool", false), ("/tmp/perl", "perl", false), ("/home/ann/bin/nginx", "nginx", false),
        ("/opt/x/sbin/httpd", "/usr/sbin/httpd", false), ("/home/ann/bin/x", "/usr/local/bin/x", false),
    ])
    func daemonThatLiesElsewhereIsSaid(exe: String, title: String, isFalse: Bool) throws {
        #expect(try codes(process(exe: exe, argv: title + "\0")).contains(.argvMismatch) == isFalse)
    }

    @Test func deletedDaemonIsOneWhereItIsInstalled() throws {
        #expect(try codes(process(exe: "/usr/sbin/nginx", argv: "nginx: worker", isDeleted: true)) == [.exeDeleted])
        #expect(
            try codes(process(exe: "/var/lib/x/nginx", argv: "nginx: worker", isDeleted: true)) == [
                .exeDeleted, .argvMismatch,
            ])
    }

    @Test(arguments: [
        ("kworker/0:1", true), ("kswapd0", true), ("ksoftirqd/3", true), ("perl", false), ("loop", false),
    ])
    func nameOfAKernelThreadIsSaid(comm: String, isFalse: Bool) throws {
        var disguised = process(exe: "/usr/bin/perl", argv: "perl\0b.pl\0")
        disguised.comm = Array(comm.utf8)
        #expect(try codes(disguised) == (isFalse ? [.argvMismatch] : []))
        // A script that is called so.
        disguised.argv = Array("perl\0/srv/\(comm)\0".utf8)
        disguised.comm = Array("migration".utf8)
        disguised.argv = Array("perl\0/srv/migration\0".utf8)
        #expect(try codes(disguised) == [])
    }

    /// The interpreter, and how the script is named at exec; without a directory where it is not known.
    @Test(
        arguments: [
            ("perl", "/tmp/.x.pl", "/", true), ("python3.11", "x.py", "/var/tmp", true),
            ("bash", "./x", "/dev/shm/a", true),
            ("ruby3.1", "../run/shm/x.rb", "/srv", true), ("node", "/tmp/../x.js", "/", true),
            ("php8.2", "/tmp/x", "/", true),
            ("perl", "x.pl", "/tmpx", false), ("perl", "x.pl", "/home/ann/tmp", false), ("sh", "/tmp", "/", false),
            // It was too long to be read.
            ("perl", "x.pl", "", true),
        ])
    func scriptInATemporaryFolderIsSaid(program: String, script: String, cwd: String, isSaid: Bool) throws {
        let process = process(
            exe: "/usr/bin/\(program)", argv: "\(program)\0\(script)\0", startedAs: "\(program)\0\(script)\0", in: cwd)
        #expect(try codes(process) == (isSaid ? [.scriptInTemporaryFolder] : []))
        var gone = ScriptFacts()
        gone.obstacle = .missing
        let isFound = !cwd.isEmpty
        #expect(
            try codes(process, facts: gone)
                == (isFound ? [.scriptDeleted] : []) + (isSaid ? [.scriptInTemporaryFolder] : []))
    }

    @Test(
        arguments: [
            ("/tmp/x.php", true), ("/dev/shm/a/b.php", true), ("/tmp/a.php(12) : eval()'d code", true),
            ("phar:///tmp/x.phar/i.php", true), (".../srv/x.php", true), ("/srv/tmp/x.php", false),
            ("Command line code", false),
        ])
    func frameInATemporaryFolderIsSaid(file: String, isSaid: Bool) throws {
        var context = PHPContext()
        context.frames = [.init(kind: .user, file: Array(file.utf8), line: 7)]
        #expect(try codes(php: context).contains(.scriptInTemporaryFolder) == isSaid)
    }

    @Test func scriptInATemporaryRootIsSaid() throws {
        var jailed = process(exe: "/usr/bin/perl", argv: "perl\0/x.pl\0")
        jailed.root = Array("/tmp/jail".utf8)
        #expect(try codes(jailed) == [.scriptInTemporaryFolder])
        jailed.root = Array("/srv/jail".utf8)
        #expect(try codes(jailed) == [])
        // From before: its directory now is what is known.
        jailed.root = Array("/".utf8)
        jailed.argv = Array("perl\0x.pl\0".utf8)
        jailed.cwd = Array("/tmp/a".utf8)
        #expect(try codes(jailed) == [.scriptInTemporaryFolder])
    }

    @Test func programWhosePathIsCutMayLieInATemporaryFolder() throws {
        var cut = process(exe: ".../a/b/x", argv: "x\0")
        cut.gaps = .exeTruncated
        #expect(try codes(cut) == [.exeInTemporaryFolder])
        cut.argv = Array("sshd\0".utf8)
        #expect(try codes(cut) == [.exeInTemporaryFolder, .argvMismatch])
    }

    @Test(
        arguments: [
            ("perl", "/srv/www/a/files/x.pl", nil, "", true), ("python3", "/var/www/shop/cache/x.py", nil, "", true),
            ("bash", "/home/ann/public_html/upload/x", nil, "", true), ("perl", "/home/ann/files/x.pl", nil, "", false),
            ("php8.2", "/srv/www/shop/media/x.php", .plain, "/srv/www/shop", true),
            // Twig, Smarty and others compile into such folders.
            ("php8.2", "/srv/www/shop/var/cache/x.php", .symfony, "/srv/www/shop", false),
            // An application within what was uploaded.
            ("php8.2", "/srv/www/uploads/a/vendor/b/c/x.php", .wordPress, "/srv/www/uploads/a", true),
        ] as [(String, String, WebApplication.Kind?, String, Bool)])
    func uploadedScriptIsSaid(
        program: String, path: String, kind: WebApplication.Kind?, root: String, isSaid: Bool
    ) throws {
        var facts = ScriptFacts()
        facts.application = kind.map {
            WebApplication(
                kind: $0, root: Array(root.utf8),
                component: path.contains("vendor") ? .init(kind: .vendor, name: Array("b/c".utf8)) : nil)
        }
        let process = process(exe: "/usr/bin/\(program)", argv: "\(program)\0\(path)\0")
        #expect(try codes(process, facts: facts) == (isSaid ? [.scriptInUploads] : []))
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
