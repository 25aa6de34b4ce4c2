internal import ArgumentParser
internal import CLinux
internal import Configuration
internal import Glibc
internal import HostFacts
internal import MailWatch

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows what mailsnoop is for: makes a server with a planted spammer, and opens the live view on it.",
        discussion: """
            The server and the mail hosts of its world are two network namespaces of this machine, with no way out. The \
            spammer is a PHP script (a Perl script where there is no PHP) among a web site's uploads; a shop that uses a \
            relay and a mail server that delivers send beside it. All of it is gone at the end. Needs root, iproute2 and \
            util-linux. Without a terminal, --seconds N writes the table of `mailsnoop trace`.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("Ends by itself after so many seconds.", valueName: "N"))
    var seconds: UInt32?

    func run() throws {
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        guard isTerminal || seconds != nil else {
            throw Failure(
                description: "the live view needs a terminal. With --seconds N the demo writes a table.",
                exitStatus: EX_USAGE)
        }
        let loop = try EventLoop()
        let stage = try DemoStage()
        let watch = try Watch(
            try WatchOptions.parse(["--no-dns"]), configuration: Self.trust,
            networkNamespace: stage.networkNamespace)
        try stage.begin()
        let deadline = seconds.map { WallClock.uptime + UInt64($0) * 1_000_000_000 }
        if isTerminal {
            var session = TopSession(
                source: LiveSource(watch), screen: try TopCommand.screen(), wanted: [],
                greeting: "Nothing leaves this machine. Up and Down select, Enter tells all. ! is the spammer")
            loop.run(&session, until: deadline, input: STDIN_FILENO)
        } else {
            var session = TraceSession(
                watch: watch, format: .table, wanted: [], descriptor: STDOUT_FILENO, deadline: deadline)
            loop.run(&session, until: deadline, input: nil)
            try session.finish(loop)
        }
        stage.end()
        if isTerminal {
            Failure.say("that was the demo. `sudo mailsnoop` watches this machine.")
        }
    }

    /// No mail server is installed in the demo: the one that delivers is trusted, as an administrator would do it.
    private static var trust: Configuration {
        var configuration = Configuration()
        var trust = Policy.Trust()
        // In a chroot the kernel's path begins above.
        trust.exe = "*\(DemoStage.program)"
        trust.uid = UserNames.uid("mail")
        configuration.policy.trusted = [trust]
        return configuration
    }
}

/// The two namespaces and what runs in them. What it has started ends with this process, however that ends.
final class DemoStage {
    /// Of mailsnoop.
    static let program: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        // Writes no more than the buffer holds, and leaves its last byte.
        let count = unsafe readlink("/proc/self/exe", &path, path.count - 1)
        return String(decoding: path.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    let networkNamespace: UInt32
    private let sink: (child: Int32, output: Int32)
    private var isOver = false
    private let site: (child: Int32, output: Int32)

    init() throws {
        guard geteuid() == 0 else {
            throw Failure(
                description: "the demo makes network namespaces: run it as root (sudo).", exitStatus: EX_NOPERM)
        }
        for tool in ["ip", "setpriv", "mount"] where !Self.isInstalled(tool) {
            throw Failure(
                description:
                    "the demo needs the program `\(tool)`: install \(tool == "ip" ? "iproute2" : "util-linux").",
                exitStatus: EX_UNAVAILABLE)
        }
        guard let language = DemoScripts.Language.allCases.first(where: { Self.isInstalled($0.rawValue) }) else {
            throw Failure(
                description: "the demo's spammer needs PHP or Perl: install perl.", exitStatus: EX_UNAVAILABLE)
        }
        // They stand in single quotes.
        guard !Self.program.contains("'") else {
            throw Failure(description: "the demo cannot run from a path with a quote in it.", exitStatus: EX_USAGE)
        }
        sink = Self.start(DemoScripts.sink(Self.program))
        site = Self.start(DemoScripts.site(Self.program, language: language))
        guard Self.isReady(sink), Self.isReady(site) else {
            Self.stop(sink)
            Self.stop(site)
            throw Failure(
                description: "no network namespaces can be made here: in a container, run the demo on its host.",
                exitStatus: EX_UNAVAILABLE)
        }
        var status = stat()
        // stat fills what it is given.
        unsafe stat("/proc/\(site.child)/ns/net", &status)
        networkNamespace = UInt32(truncatingIfNeeded: status.st_ino)
    }

    deinit { end() }

    /// Joins the two; what runs in them begins to send.
    func begin() throws {
        let line =
            "ip link add eth0 netns \(sink.child) type veth peer name eth0 netns \(site.child) 2>/dev/null && echo ready"
        let joined = Self.start(line, isolated: false)
        defer { Self.stop(joined) }
        guard Self.isReady(joined) else {
            throw Failure(
                description: "this kernel makes no pair of virtual network devices (veth).", exitStatus: EX_UNAVAILABLE)
        }
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        Self.stop(site)
        Self.stop(sink)
    }

    private static func isInstalled(_ program: String) -> Bool {
        let folders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(separator: ":")
        return folders.contains { unsafe access("\($0)/\(program)", X_OK) == 0 }
    }

    private static func start(_ script: String, isolated: Bool = true) -> (child: Int32, output: Int32) {
        var output: Int32 = -1
        let child = unsafe clinux_start(script, isolated, &output)
        return (child, output)
    }

    /// Whether it says so within ten seconds.
    private static func isReady(_ process: (child: Int32, output: Int32)) -> Bool {
        guard process.child > 0 else { return false }
        var source = pollfd(fd: process.output, events: Int16(POLLIN), revents: 0)
        var word = [UInt8](repeating: 0, count: 6)
        // One source; reads at most what the array holds.
        return unsafe poll(&source, 1, 10_000) == 1 && read(process.output, &word, word.count) == 6
    }

    private static func stop(_ process: (child: Int32, output: Int32)) {
        guard process.child > 0 else { return }
        clinux_kill(process.child)
        close(process.output)
    }
}
