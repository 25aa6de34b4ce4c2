import Testing

@testable import MailWatch

/// What the owner of a process would write to be read as something else.
enum Hostile {
    static let texts: [[UInt8]] = [
        Array("=cmd|' /C calc'!A0".utf8), Array("+1".utf8), Array("-1".utf8), Array("@x".utf8),
        Array("a\"b\"\"".utf8), Array("\"".utf8), Array("a,b,".utf8), Array("a\r\nb,c".utf8), Array("\n=1".utf8),
        Array("\u{1B}]0;owned\u{7}".utf8), [0x61, 0xFF, 0xC0, 0x80], [0x9B, 0x32, 0x4A],
        Array("\u{202E}gpj.exe".utf8), Array("\u{2028}\u{2029}\u{85}".utf8), Array("\\x1b\\".utf8),
        Array("{\"a\":1}".utf8), Array("日本語のとても長い名前".utf8), Array("e\u{301}\u{301}\u{301}".utf8),
        Array("👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍".utf8), [UInt8](repeating: 0x41, count: 1023),
        [UInt8](repeating: 0xFE, count: 1023), Array("\t".utf8), [],
    ]
}

extension ProcessDescription {
    /// A process that has `text` wherever it can.
    static func hostile(_ text: [UInt8]) -> ProcessDescription {
        var process = ProcessDescription.sample
        process.comm = text
        process.exe = text
        process.argv = text + [0] + text + [0]
        process.cwd = text
        process.cgroupPath = text
        process.isExeDeleted = true
        process.legacyCgroupPath = text
        process.execution = .hostile(text)
        process.ancestors = [.init(pid: 17, uid: 33, startTime: 5, comm: text)]
        return process
    }

    static var sample: ProcessDescription {
        var process = ProcessDescription()
        process.pid = 4242
        process.startTime = 1_000_000_007
        process.uid = 33
        process.gid = 34
        process.effectiveUID = 35
        process.effectiveGID = 36
        process.loginUID = 1000
        process.networkNamespace = 4_026_531_993
        process.cgroupID = 7919
        process.cgroupPath = Array("/system.slice/php.service".utf8)
        process.comm = Array("php".utf8)
        process.exe = Array("/usr/bin/php8.2".utf8)
        process.argv = Array("php\0send.php\0--to=a b\0".utf8)
        process.cwd = Array("/var/www".utf8)
        process.ancestors = [
            .init(pid: 17, uid: 33, startTime: 500, comm: Array("sh".utf8)),
            .init(pid: 1, uid: 0, startTime: 1, comm: Array("systemd".utf8)),
        ]
        return process
    }
}

extension ProcessDescription.Execution {
    static func hostile(_ text: [UInt8]) -> ProcessDescription.Execution {
        var execution = ProcessDescription.Execution()
        execution.argv = text + [0] + text + [0]
        execution.cwd = text + [0x2F]
        execution.hasInterpreterVariables = true
        return execution
    }
}

extension PHPContext {
    /// A plugin's method connects, within a request.
    static var sample: PHPContext {
        var context = PHPContext()
        context.pid = 4242
        context.startTime = 1_000_000_007
        context.uid = 33
        context.version = "8.2"
        context.sapi = Array("fpm-fcgi".utf8)
        context.method = Array("POST".utf8)
        context.host = Array("shop.example".utf8)
        context.path = Array("/contact".utf8)
        context.client = Array("203.0.113.9".utf8)
        context.script = Array("/srv/shop/index.php".utf8)
        context.pool = Array("www".utf8)
        context.frames = [
            Frame(kind: .internal, function: Array("fsockopen".utf8)),
            Frame(
                kind: .user, file: Array("/srv/shop/wp-content/plugins/acme/mail.php".utf8), line: 12,
                function: Array("send".utf8), scope: Array("Acme\\Mailer".utf8)),
            Frame(kind: .user, file: Array("/srv/shop/index.php".utf8), line: 3),
        ]
        context.gaps = .namesCut
        return context
    }

    /// A program of the command line that starts others.
    static var cron: PHPContext {
        var context = PHPContext()
        context.pid = 17
        context.version = "8.2"
        context.sapi = Array("cli".utf8)
        context.script = Array("/srv/cron.php".utf8)
        context.frames = [Frame(kind: .user, file: Array("/srv/cron.php".utf8), line: 5, function: Array("run".utf8))]
        return context
    }

    /// A context that has `text` wherever it can.
    static func hostile(_ text: [UInt8]) -> PHPContext {
        var context = PHPContext.sample
        context.sapi = text
        context.method = text
        context.host = text
        context.path = text
        context.client = text
        context.script = text
        context.pool = text
        context.frames = [Frame(kind: .user, file: text, line: 1, function: text, scope: text)]
        return context
    }
}

extension ScriptFacts {
    static func sample(_ path: [UInt8]) -> ScriptFacts {
        var facts = ScriptFacts()
        facts.uid = 1013
        facts.owner = "shop"
        facts.size = 1009
        facts.modificationTime = 1_518_490_439_000_000_003
        facts.sha256 = [UInt8](repeating: 11, count: 32)
        facts.application = WebApplication(
            kind: .wordPress, version: "6.1.6",
            root: path.starts(with: "/srv/shop".utf8) ? Array("/srv/shop".utf8) : path,
            component: .init(kind: .plugin, name: path.starts(with: "/srv/shop".utf8) ? Array("acme".utf8) : path))
        return facts
    }
}

extension SMTPDialogue {
    /// A message that is refused, on a line that was cut.
    static var sample: SMTPDialogue {
        var dialogue = SMTPDialogue()
        dialogue.greeting = Reply(code: 220, text: Array("mx.example.net ESMTP".utf8))
        dialogue.hello = .ehlo
        dialogue.helloName = Array("shop.example".utf8)
        dialogue.sender = Array("a@shop.example".utf8)
        dialogue.size = 1013
        dialogue.recipient = Array("b@example.net".utf8)
        dialogue.recipients = 3
        dialogue.messages = 2
        dialogue.accepted = 1
        dialogue.authMechanism = Array("LOGIN".utf8)
        dialogue.reachedData = true
        dialogue.saidQuit = true
        dialogue.lastReply = Reply(code: 550, text: Array("5.7.1 go away".utf8))
        dialogue.proxy = Proxy(kind: .socks5, host: Array("mx.example.net".utf8), port: 25)
        dialogue.gaps = .lineCut
        return dialogue
    }

    /// The same until STARTTLS; then nothing is seen.
    static var encrypted: SMTPDialogue {
        var dialogue = SMTPDialogue()
        dialogue.greeting = SMTPDialogue.sample.greeting
        dialogue.hello = .ehlo
        dialogue.helloName = Array("shop.example".utf8)
        dialogue.saidStartTLS = true
        dialogue.isEncrypted = true
        dialogue.serverName = Array("mx.example.net".utf8)
        dialogue.gaps = .encrypted
        return dialogue
    }

    /// A dialogue that has `text` wherever it can.
    static func hostile(_ text: [UInt8]) -> SMTPDialogue {
        var dialogue = SMTPDialogue.sample
        dialogue.greeting?.text = text
        dialogue.helloName = text
        dialogue.sender = text
        dialogue.recipient = text
        dialogue.serverName = text
        dialogue.authMechanism = text
        dialogue.lastReply?.text = text
        dialogue.proxy?.host = text
        return dialogue
    }
}

extension Judgement {
    static var sample: Judgement {
        Judgement(
            .directMX,
            [
                Reason(.remoteMX, Array("it goes to port 25 of 192.0.2.25".utf8)),
                Reason(.foreignHello, Array("it calls itself shop.example, which is no name of this host".utf8)),
            ])
    }

    static func hostile(_ text: [UInt8]) -> Judgement { Judgement(.directMX, [Reason(.foreignHello, text)]) }
}

extension Connection {
    /// The same, with something said and judged.
    func with(_ dialogue: SMTPDialogue?, _ judgement: Judgement = .sample) -> Connection {
        var connection = self
        connection.dialogue = dialogue
        connection.judgement = judgement
        return connection
    }
}

/// Boot was at 2018-02-13T02:54:00Z.
let clock = WallClock(bootTime: 1_518_490_440_000_000_000)

enum Stage { case connecting, open, closed, refused }

/// A connection as far as `stage`, 9 s after boot.
func connection(
    _ stage: Stage, _ process: ProcessDescription = .sample, threadName: [UInt8] = Array("worker".utf8),
    identity: UInt64 = 1, placement: Placement = Placement(), destination: String = "192.0.2.25",
    php: PHPContext? = nil, origin: PHPContext? = nil
) throws -> Connection {
    var tracker = Tracker(place: { _ in placement }, inspect: { path, _, _ in .sample(path) })
    if let php { _ = tracker.handle(.context(php, fingerprint: 3)) }
    if let origin { _ = tracker.handle(.context(origin, fingerprint: 5)) }
    let begin = ConnectEvent(
        time: 9_000_000_001, connection: 23, identity: identity, description: process,
        source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
        destination: Endpoint(address: try #require(IPAddress(destination)), port: 25), thread: 4243,
        threadName: threadName, isFollowed: true, php: php == nil ? 0 : 3, origin: origin == nil ? 0 : 5)
    var life = LifeEvent(
        time: 9_012_345_679, connection: 23, establishedTime: 9_012_345_679, error: 0,
        source: Endpoint(address: try #require(IPAddress("198.51.100.7")), port: 40_961), cookie: 4099, bytesSent: 0,
        bytesReceived: 0)
    var change = tracker.handle(.connect(begin))
    switch stage {
    case .connecting: break
    case .open: change = tracker.handle(.established(life))
    case .closed:
        life.time = 10_500_000_001
        life.bytesSent = 1009
        life.bytesReceived = 2003
        change = tracker.handle(.closed(life))
    case .refused:
        life.establishedTime = 0
        life.error = 111
        change = tracker.handle(.closed(life))
    }
    return try #require(change).connection
}

/// The characters in `bytes` that a terminal or a reader of lines acts on.
func controls(in bytes: [UInt8]) throws -> [Unicode.Scalar] {
    try #require(String(validating: bytes, as: UTF8.self)).unicodeScalars.filter {
        switch $0.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: false
        }
    }
}

/// Mail that a child of PHP hands over.
func handover(origin: PHPContext) throws -> Connection {
    var tracker = Tracker(place: { _ in Placement() })
    _ = tracker.handle(.context(origin, fingerprint: 5))
    let event = ConnectEvent(
        time: 9_000_000_001, connection: 0, identity: 1, description: .sample,
        source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
        destination: Endpoint(address: IPAddress(ipv4: 0), port: 0), thread: 4243, threadName: Array("sendmail".utf8),
        isFollowed: true, origin: 5)
    let change = tracker.handle(.handover(event))
    guard case .opened(let connection) = change else { throw NoHandover() }
    return connection
}

private struct NoHandover: Error {}
