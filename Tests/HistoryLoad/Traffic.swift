internal import MailWatch
internal import TestSupport

/// Connections of a server with 200 web sites, the same in each run: Postfix delivers, PHP submits and hands over, and one site
/// sends spam in bursts.
struct Traffic {
    private static let sites = 200
    private static let servers = 3001
    private static let people = 20_011

    private var random = SplitMix64(seed: 2)
    private var postfix: (process: MailWatch.Process, rest: Int)?
    private var workers: [Int: MailWatch.Process] = [:]
    private var count: UInt64 = 0
    private let bootTime: UInt64

    /// - Parameter bootTime: of the clock that its times are by; ns since the epoch.
    init(bootTime: UInt64) { self.bootTime = bootTime }

    var clock: WallClock { WallClock(bootTime: bootTime) }

    /// The next one, and the name of its destination.
    ///
    /// - Parameter time: of the connect, in ns since boot.
    mutating func next(at time: UInt64) -> (connection: Connection, name: [UInt8]) {
        count += 1
        return switch random.below(100) {
        case 0..<60: delivery(at: time)
        case 60..<85: submission(at: time)
        case 85..<90: handover(at: time)
        default: spam(at: time)
        }
    }

    private mutating func delivery(at time: UInt64) -> (Connection, [UInt8]) {
        let (process, rest) =
            postfix
            ?? (
                Self.process(pid: 4000 + UInt32(random.below(50_000)), time, uid: 103, "/usr/lib/postfix/sbin/smtp"), 97
            )
        postfix = rest == 1 ? nil : (process, rest - 1)
        let (address, name) = server()
        return (
            connection(
                at: time, process, to: address, 25, hello: "mx1.example.net", from: person("example.net"),
                Judgement(
                    .mta,
                    [Reason(.installedMTA, Array("smtp is Postfix, which is installed on this host.".utf8))])), name
        )
    }

    private mutating func submission(at time: UInt64) -> (Connection, [UInt8]) {
        let site = random.below(Self.sites)
        let script = request(
            "/home/site\(site)/public_html/wp-includes/PHPMailer/SMTP.php", site, time, path: "/wp-cron.php")
        return (
            connection(
                at: time, worker(site, time), php: script, to: IPAddress(ipv4: 0xC633_6419), 587,
                hello: "www.site\(site).example",
                from: Array("wordpress@site\(site).example".utf8),
                Judgement(
                    .smarthost,
                    [
                        Reason(
                            .submissionPort,
                            Array("PHP connected to port 587, where a relay takes mail for submission.".utf8))
                    ])),
            Array("smtp.relay.example".utf8)
        )
    }

    private mutating func handover(at time: UInt64) -> (Connection, [UInt8]) {
        let site = random.below(Self.sites)
        let script = request("/home/site\(site)/public_html/contact.php", site, time, path: "/contact")
        return (
            Connection(
                recorded: count, process: worker(site, time), php: script, origin: nil, thread: 4242,
                threadName: Array("php-fpm".utf8),
                source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
                destination: Endpoint(address: IPAddress(ipv4: 0x7F00_0001), port: 25), connectTime: time,
                state: .handedOver), []
        )
    }

    private mutating func spam(at time: UInt64) -> (Connection, [UInt8]) {
        let script = request(
            "/home/site7/public_html/wp-content/uploads/2026/mail.php", 7, time,
            path: "/wp-content/uploads/2026/mail.php")
        let (address, name) = server()
        return (
            connection(
                at: time, worker(7, time), php: script, to: address, 25, hello: "localhost.localdomain",
                from: person("site7.example"),
                Judgement(
                    .directMX,
                    [
                        Reason(.scriptInUploads, Array("The script lies in a folder for uploads.".utf8)),
                        Reason(
                            .remoteMX, Array("PHP connected to port 25 of another host, where mail is delivered.".utf8)),
                    ])), name
        )
    }

    private mutating func server() -> (IPAddress, [UInt8]) {
        // Few servers take most of the mail.
        let number = min(random.below(Self.servers), random.below(Self.servers), random.below(Self.servers))
        return (IPAddress(ipv4: 0xCB00_0000 + UInt32(number)), Array("mx\(number % 5).provider\(number).example".utf8))
    }

    private mutating func person(_ domain: String) -> [UInt8] {
        Array("someone\(random.below(Self.people))@\(domain)".utf8)
    }

    private mutating func request(_ file: String, _ site: Int, _ time: UInt64, path: String) -> Script {
        var context = PHPContext()
        context.pid = 4242
        context.startTime = time
        context.uid = 1000 + UInt32(site)
        context.version = "8.2"
        context.sapi = Array("fpm-fcgi".utf8)
        context.method = Array("POST".utf8)
        context.host = Array("www.site\(site).example".utf8)
        context.path = Array(path.utf8)
        context.client = Array("198.51.100.\(random.below(251))".utf8)
        context.script = Array(file.utf8)
        context.pool = Array("site\(site)".utf8)
        context.frames = [
            .init(kind: .internal, function: Array("stream_socket_client".utf8)),
            .init(kind: .user, file: Array(file.utf8), line: 388, function: Array("connect".utf8)),
        ]
        var facts = ScriptFacts()
        facts.uid = context.uid
        facts.owner = "site\(site)"
        facts.size = 4211
        facts.modificationTime = bootTime
        facts.sha256 = [UInt8](repeating: UInt8(truncatingIfNeeded: site), count: 32)
        return Script(evidence: .stack, path: Array(file.utf8), line: 388, context: context, facts: facts)
    }

    /// One of FPM, which serves many requests.
    private mutating func worker(_ site: Int, _ time: UInt64) -> MailWatch.Process {
        if let known = workers[site], random.below(499) != 0 { return known }
        let process = Self.process(
            pid: 1000 + UInt32(random.below(50_000)), time, uid: 1000 + UInt32(site), "/usr/sbin/php-fpm8.2")
        workers[site] = process
        return process
    }

    private static func process(pid: UInt32, _ time: UInt64, uid: UInt32, _ exe: String) -> MailWatch.Process {
        var description = ProcessDescription()
        description.pid = pid
        description.startTime = time
        description.uid = uid
        description.effectiveUID = uid
        description.networkNamespace = 4_026_531_840
        description.comm = Array(exe.split(separator: "/").last!.utf8.prefix(15))
        description.exe = Array(exe.utf8)
        description.cwd = Array("/".utf8)
        description.argv = Array(exe.utf8) + [0]
        description.ancestors = [.init(pid: 1, uid: 0, startTime: 1, comm: Array("systemd".utf8))]
        return MailWatch.Process(
            identity: 0, description: description, placement: Placement(userName: "user\(uid)", unit: "mail.service"))
    }

    private mutating func connection(
        at time: UInt64, _ process: MailWatch.Process, php: Script? = nil, to address: IPAddress, _ port: UInt16,
        hello: String,
        from sender: [UInt8], _ judgement: Judgement
    ) -> Connection {
        var connection = Connection(
            recorded: count, process: process, php: php, origin: nil, thread: process.description.pid,
            threadName: process.description.comm,
            source: Endpoint(address: IPAddress(ipv4: 0xC000_0217), port: 32_768 + UInt16(random.below(28_000))),
            destination: Endpoint(address: address, port: port), connectTime: time, state: .closed)
        var dialogue = SMTPDialogue()
        dialogue.greeting = .init(code: 220, text: Array("ESMTP".utf8))
        dialogue.hello = .ehlo
        dialogue.helloName = Array(hello.utf8)
        dialogue.sender = sender
        dialogue.recipient = person("elsewhere.example")
        dialogue.recipients = 1
        dialogue.messages = 1
        dialogue.accepted = random.below(10) == 0 ? 0 : 1
        dialogue.reachedData = true
        dialogue.saidQuit = true
        dialogue.lastReply = .init(code: 221, text: Array("2.0.0 Bye".utf8))
        let length = UInt64(random.below(900_000_000))
        connection.recall(
            establishedTime: time + 20_000_000, endTime: time + 100_000_000 + length, error: 0, cookie: count,
            bytesSent: 4000 + length % 90_000, bytesReceived: 700 + length % 300, dialogue: dialogue,
            judgement: judgement)
        return connection
    }
}
