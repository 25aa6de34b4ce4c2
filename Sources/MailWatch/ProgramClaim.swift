/// What a program calls itself in argv[0], which it chooses, against its file, which it does not.
enum ProgramClaim {
    /// The name that is not the program's; nil where argv[0] agrees with the exe, or could not be read.
    static func foreignName(of process: ProcessDescription) -> [UInt8]? {
        let arguments = process.arguments
        let exe = Path.name(process.exe)
        guard let title = arguments.first, !title.isEmpty, !exe.isEmpty, !process.gaps.contains(.exeTruncated),
            arguments.count > 1 || !process.gaps.contains(.argvTruncated)
        else { return nil }
        if Path.name(Array(title)).elementsEqual(exe) { return nil }
        // Kernel threads have no exe.
        if title.first == UInt8(ascii: "["), title.last == UInt8(ascii: "]") { return Array(title) }
        // `-bash` is a login shell; `php-fpm: pool www` and `lsphp:/srv/a.php` are titles.
        let word = title.drop { $0 == UInt8(ascii: "-") }.prefix { $0 != UInt8(ascii: " ") }
        let path = Array(word.prefix { $0 != UInt8(ascii: ":") })
        let claim = stem(Path.name(path))
        let program = stem(exe)
        guard !claim.isEmpty, !program.isEmpty, !isSame(claim, program) else { return nil }
        // A title is free, and so is what an interpreter's script calls itself, but for what only deceives.
        let isFree = path.count < word.count || OptionGrammar.of(program: exe) != nil
        return isFree && !disguises.contains(claim) ? nil : path
    }

    /// What scripts are known to call themselves to be overlooked.
    private static let disguises: Set<String> = [
        "httpd", "apache", "nginx", "lighttpd", "litespeed", "php-fpm", "php", "perl", "python", "ruby", "node", "java",
        "sshd", "ssh", "login", "getty", "agetty", "bash", "sh", "dash", "zsh", "su", "sudo", "init", "systemd",
        "udevd",
        "cron", "crond", "atd", "acpid", "syslogd", "rsyslogd", "klogd", "auditd", "inetd", "xinetd", "named", "ntpd",
        "chronyd", "mysqld", "mariadbd", "postgres", "redis-server", "memcached", "ftpd", "proftpd", "vsftpd",
        "pure-ftpd", "rsync", "dovecot", "sendmail", "exim", "master", "qmgr", "pickup", "smtpd", "ps", "top",
        "kworker",
    ]

    /// One file under any name.
    private static let multiCall: Set<String> = ["busybox", "toybox", "coreutils"]

    /// What takes sendmail's place, and the names by which it is called then.
    private static let mailers: Set<String> = [
        "exim", "msmtp", "ssmtp", "dma", "smtpctl", "esmtp", "sendmail", "masqmail", "mini_sendmail", "nbsmtp",
    ]
    private static let mailerNames: Set<String> = [
        "sendmail", "send-mail", "mailq", "newaliases", "runq", "rmail", "rsmtp", "exim", "smtpctl", "makemap",
    ]

    /// Debian's alternatives, and other links.
    private static let links: [String: Set<String>] = [
        "sh": ["dash", "bash", "ksh", "mksh", "zsh"], "awk": ["mawk", "gawk"], "nodejs": ["node"],
        "nc": ["ncat"], "netcat": ["nc", "ncat"], "mail": ["bsd-mailx", "s-nail", "mailutils"],
        "mailx": ["s-nail", "mailutils"], "apache": ["httpd"],
    ]

    private static func isSame(_ claim: String, _ program: String) -> Bool {
        claim == program || multiCall.contains(program)
            || (mailers.contains(program) && mailerNames.contains(claim))
            || links[claim]?.contains(program) == true
            || isVariant(claim, of: program) || isVariant(program, of: claim)
            // `telnet` is inetutils-telnet, `php` is ea-php82.
            || program.utf8.split { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }.contains { stem($0) == claim }
    }

    /// `sshd-session` of `sshd`, `nc.openbsd` of `nc`.
    private static func isVariant(_ name: String, of base: String) -> Bool {
        name.utf8.starts(with: base.utf8)
            && name.utf8.dropFirst(base.utf8.count).first.map { !(0x61...0x7A).contains($0) } == true
    }

    /// In lower case and without the version: `php` of `php8.2`, `exim` of `exim4`.
    private static func stem(_ name: some BidirectionalCollection<UInt8>) -> String {
        var letters = name.map(\.asciiLowercase)
        while let last = letters.last, (0x2D...0x39).contains(last) || last == UInt8(ascii: "_") {
            letters.removeLast()
        }
        return String(decoding: letters, as: UTF8.self)
    }
}
