/// What a program calls itself in argv[0] and comm, which it chooses, against its file, which it does not.
enum ProgramClaim {
    /// The name that is not the program's; nil where argv[0] and comm agree with the exe, or could not be read.
    ///
    /// - Parameter isTemporary: the exe lies in a folder for temporary files. A daemon does not.
    static func foreignName(of process: ProcessDescription, isTemporary: Bool) -> [UInt8]? {
        let exe = executable(process)
        guard !exe.isEmpty else { return nil }
        let program = Program(
            process: process, exe: exe,
            isTemporary: isTemporary || exe.starts(with: "memfd:".utf8)
                || process.isExeDeleted && !isSystemPath(process.exe))
        // Also what it was started as is its choice, or its parent's.
        var titles = [Title(process.argv, isCut: process.gaps.contains(.argvTruncated))]
        if let execution = process.execution {
            titles.append(Title(execution.argv, isCut: execution.isArgvTruncated))
        }
        if let name = titles.lazy.compactMap({ foreignName($0, program) }).first { return name }
        // A script may be called so.
        guard isKernelThread(process.comm[...]), !isSame(stem(process.comm), program.name),
            !isName(stem(process.comm), ofScriptOf: process)
        else { return nil }
        return process.comm
    }

    /// Whether argv is another than at exec, and that is not how daemons do it: a title that begins with the program's own
    /// name. What an interpreter runs is in argv alone.
    static func hidesArguments(_ process: ProcessDescription) -> Bool {
        guard process.formerArguments != nil else { return false }
        let exe = executable(process)
        let title = Title(process.argv, isCut: process.gaps.contains(.argvTruncated))
        return OptionGrammar.of(program: exe) != nil || !isSame(title.claim, stem(exe))
    }

    private struct Program {
        let process: ProcessDescription
        let exe: ArraySlice<UInt8>
        let isTemporary: Bool
        var name: String { stem(exe) }
    }

    /// argv[0] in its parts.
    private struct Title {
        /// All of it, without the blanks at its end.
        let text: ArraySlice<UInt8>
        /// Up to the first blank or `:`, without what stands before a name: `-` of a login shell, blanks, `[`.
        let path: ArraySlice<UInt8>
        /// A `:` follows: `nginx: worker process`.
        let hasColon: Bool
        /// The name in it was cut.
        let isCut: Bool
        var claim: String { stem(Path.name(Array(path))) }

        init(_ argv: [UInt8], isCut: Bool) {
            let first = argv.prefix { $0 != 0 }
            text = first.dropLast(first.reversed().prefix { $0 <= 0x20 }.count)
            let word = first.drop { $0 <= 0x20 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "[") }.prefix {
                $0 > 0x20
            }
            path = word.prefix { $0 != UInt8(ascii: ":") }
            hasColon = path.count < word.count
            self.isCut = isCut && path.endIndex == argv.endIndex
        }
    }

    /// The last part of the exe's path. The name of a memfd is its maker's choice, with or without slashes.
    private static func executable(_ process: ProcessDescription) -> ArraySlice<UInt8> {
        let exe = process.exe
        if exe.starts(with: "/memfd:".utf8) { return exe.dropFirst() }
        return exe.elementsEqual("...".utf8) ? [] : Path.name(exe)
    }

    private static func foreignName(_ title: Title, _ program: Program) -> [UInt8]? {
        guard !title.text.isEmpty else { return nil }
        if title.isCut {
            // No program has so long a name. A shorter one ends where a page is not in memory.
            return title.path.count >= longestName ? Array(title.path.prefix(255)) : nil
        }
        // A path may have blanks in it, but then it is that of the file.
        let hasBlank = title.text.contains { $0 <= 0x20 }
        if hasBlank ? title.text.elementsEqual(program.process.exe) : Path.name(Array(title.text)) == program.exe {
            return isMisplaced(title, program) ? Array(title.text) : nil
        }
        // Kernel threads have no exe.
        if !hasBlank, title.text.first == UInt8(ascii: "["), title.text.last == UInt8(ascii: "]") {
            return Array(title.text)
        }
        // `-bash` is a login shell; `php-fpm: pool www` and `lsphp:/srv/a.php` are titles.
        let claim = title.claim
        let own = program.name
        if isKernelThread(title.path), !isSame(claim, own) { return Array(title.text.prefix(255)) }
        guard !claim.isEmpty, !own.isEmpty else { return nil }
        if isSame(claim, own) { return isMisplaced(title, program) ? Array(title.path) : nil }
        if isDisguise(claim) { return Array(title.path) }
        // A title is free, and so is what an interpreter's script calls itself, as long as nobody knows the script.
        guard OptionGrammar.of(program: program.exe) != nil else { return title.hasColon ? nil : Array(title.path) }
        guard let execution = program.process.execution,
            !runners.contains(stem(execution.arguments.dropFirst().first.map { Path.name(Array($0)) } ?? []))
        else { return nil }
        return isName(claim, ofScriptOf: program.process) ? nil : Array(title.path)
    }

    /// Bytes; NAME_MAX and PATH_MAX allow more, argv[0] of a program does not have them.
    private static let longestName = 512

    /// Whether the script, one of the folders above it or the module is called so: gunicorn of /usr/bin/gunicorn, PM2 of
    /// /usr/lib/node_modules/pm2/lib/Daemon.js.
    private static func isName(_ claim: String, ofScriptOf process: ProcessDescription) -> Bool {
        var names = Interpreter.script(of: process).map(Path.components) ?? []
        let arguments = process.execution?.arguments ?? []
        for (option, module) in zip(arguments, arguments.dropFirst()) where option.elementsEqual("-m".utf8) {
            names.append(module)
        }
        return names.contains { part in
            let name = stem(part)
            return !name.isEmpty && (isSame(claim, name) || name.utf8.count >= 4 && claim.hasPrefix(name))
        }
    }

    /// Scripts that run what an argument names.
    private static let runners: Set<String> = ["bundle", "bundler", "rails", "rake", "flask", "uvicorn", "npm", "npx"]

    /// A daemon's name on a program that lies where no daemon is installed, or a system's path on one that is a user's.
    private static func isMisplaced(_ title: Title, _ program: Program) -> Bool {
        let isInterpreter = OptionGrammar.of(program: program.exe) != nil
        if program.isTemporary, !isInterpreter, isDisguise(program.name) || isDisguise(title.claim) { return true }
        let claimed = Array(title.path)
        return Path.isAbsolute(claimed) && isSystemPath(claimed) && !claimed.starts(with: "/usr/local/".utf8)
            && (program.isTemporary || isUserPath(program.process.exe))
    }

    /// Where packages install programs.
    private static func isSystemPath(_ path: [UInt8]) -> Bool {
        ["/usr/", "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/", "/opt/", "/nix/", "/gnu/", "/snap/"]
            .contains { path.starts(with: $0.utf8) }
    }

    /// Where users and web sites have their files.
    private static func isUserPath(_ path: [UInt8]) -> Bool {
        ["/home/", "/root/", "/srv/", "/var/www/", "/dev/", "/run/"].contains { path.starts(with: $0.utf8) }
    }

    private static func isDisguise(_ claim: String) -> Bool { disguises.contains(claim) || claim.hasPrefix("systemd") }

    /// What scripts are known to call themselves to be overlooked: daemons and tools that are never a script.
    private static let disguises: Set<String> = [
        "httpd", "apache", "nginx", "lighttpd", "litespeed", "php-fpm", "php", "perl", "python", "ruby", "node", "java",
        "sshd", "ssh", "login", "getty", "agetty", "bash", "sh", "dash", "zsh", "su", "sudo", "init", "systemd",
        "udevd", "dbus-daemon", "dbus-broker", "containerd", "containerd-shim", "dockerd", "polkitd", "rtkit-daemon",
        "accounts-daemon", "networkmanager", "wpa_supplicant", "udisksd", "snapd", "cupsd", "avahi-daemon",
        "irqbalance",
        "rpcbind", "haproxy", "squid", "nscd", "sssd", "dhclient", "dhcpcd", "snmpd", "zabbix_agentd", "multipathd",
        "cron", "crond", "atd", "acpid", "syslogd", "rsyslogd", "klogd", "auditd", "inetd", "xinetd", "named", "ntpd",
        "chronyd", "mysqld", "mariadbd", "postgres", "redis-server", "memcached", "ftpd", "proftpd", "vsftpd",
        "pure-ftpd", "rsync", "dovecot", "sendmail", "exim", "master", "qmgr", "pickup", "smtpd", "ps", "top",
    ]

    /// What threads of the kernel are called, up to a number or a CPU.
    private static let kernelThreads: Set<String> = [
        "kworker", "kthreadd", "ksoftirqd", "migration", "cpuhp", "idle_inject", "kswapd", "khugepaged", "kcompactd",
        "ksmd", "kauditd", "kblockd", "kdevtmpfs", "kintegrityd", "kthrotld", "khungtaskd", "oom_reaper", "jbd", "irq",
        "xfsaild", "scsi_eh", "scsi_tmf", "rcu_sched", "rcu_preempt", "rcu_tasks_kthre", "rcu_gp", "rcu_par_gp", "rcub",
        "rcuc", "rcuog", "rcuop", "rcuos", "psimon", "dmcrypt_write", "mm_percpu_wq", "inet_frag_wq", "ata_sff",
        "nfsd", "lockd", "rpciod", "xprtiod", "kstrp", "ext", "btrfs-cleaner", "btrfs-transacti",
    ]

    /// `kworker/u8:1`, `jbd2/sda1-8`, `kswapd0`.
    private static func isKernelThread(_ name: ArraySlice<UInt8>) -> Bool {
        // A slash at the front begins a path.
        guard name.first != UInt8(ascii: "/") else { return false }
        return kernelThreads.contains(stem(name.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }))
    }

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
