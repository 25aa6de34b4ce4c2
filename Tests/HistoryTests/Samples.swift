import Foundation
import Glibc
import History
import Synchronization
import Testing

@testable import MailWatch

/// Boot was at 2018-02-13T02:54:00Z.
let clock = WallClock(bootTime: 1_518_490_440_000_000_000)

/// What a recorder has said.
final class Said: Sendable {
    let texts = Mutex<[String]>([])
}

/// A folder of its own, for as long as it is held.
final class Place: Sendable {
    let folder: String
    let said = Said()

    init() {
        folder = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var path: String { folder + "/history.db" }

    /// One that keeps all: the samples are old.
    func recorder(_ change: (inout Recorder.Options) -> Void = { _ in }) throws -> Recorder {
        var options = Recorder.Options()
        options.keep = .max
        change(&options)
        return try Recorder(path, options: options, host: "mx1.example.net", version: "0") { [said] text in
            said.texts.withLock { $0.append(text) }
        }
    }

    /// What is there.
    func recorded(in times: Range<UInt64> = 0..<UInt64.max, _ filter: HistoryFilter = HistoryFilter()) throws
        -> [Recorded]
    {
        var found: [Recorded] = []
        try HistoryReader(path).connections(in: times, filter: filter) {
            found.append($0)
            return true
        }
        return found
    }
}

/// What the owner of a process would write to be read as something else.
enum Hostile {
    static let texts: [[UInt8]] = [
        Array("a\"b'; DROP TABLE connection; --".utf8), Array("a\r\nb\0c".utf8), [0x61, 0xFF, 0xC0, 0x80],
        Array("\u{1B}]0;owned\u{7}\u{202E}".utf8), [UInt8](repeating: 0xFE, count: 1023), [0], [],
    ]
}

/// A connection that has `text` wherever it can, and was established and closed; `at` ns after boot.
func connection(
    _ text: [UInt8] = Array("text".utf8), at time: UInt64, uid: UInt32 = 33, to destination: String = "2001:db8::25",
    verdict: Verdict = .directMX, isOpen: Bool = false, id: UInt64 = 23
) throws -> Connection {
    var process = ProcessDescription()
    process.pid = 4242
    process.startTime = 1_000_000_007
    process.uid = uid
    process.gid = 34
    process.effectiveUID = 35
    process.effectiveGID = 36
    process.loginUID = .max - 1
    process.networkNamespace = 4_026_531_993
    process.mountNamespace = 4_026_531_841
    process.userNamespace = 4_026_532_201
    process.exeMountNamespace = 4_026_532_202
    process.exeMountOwner = 4_026_532_203
    process.isKernelThread = true
    process.legacyCgroupPath = text
    var execution = ProcessDescription.Execution()
    execution.argv = text + [0, 1, 0]
    execution.cwd = text + [1]
    execution.isArgvTruncated = true
    execution.exeInode = .max - 1
    execution.exeDevice = 8_388_611
    execution.hasLoaderVariables = true
    process.execution = execution
    process.cgroupID = .max
    process.cgroupPath = text
    process.comm = text
    process.exe = text
    process.isExeDeleted = true
    process.exeInode = .max
    process.exeDevice = 8_388_609
    process.cwd = text
    process.isCwdDeleted = true
    process.root = text
    process.argv = text + [0]
    process.ancestors = [
        .init(pid: 17, uid: 33, startTime: 5, comm: text), .init(pid: 1, uid: 0, startTime: 1, comm: text),
    ]
    process.gaps = [.argvTruncated, .rootTruncated]
    var context = PHPContext()
    context.pid = 4242
    context.startTime = 1_000_000_007
    context.uid = 33
    context.version = "8.2"
    context.sapi = text
    context.method = text
    context.host = text
    context.path = text
    context.client = text
    context.script = text
    context.pool = text
    context.frames = [.init(kind: .user, file: text, line: 12, function: text, scope: text, gaps: .namesCut)]
    context.gaps = .stackTruncated
    let name = String(decoding: text, as: UTF8.self)
    var placement = Placement(
        userName: name, effectiveUserName: name, unit: name, container: name, opaquePHP: name)
    placement.mailServer = MailServer(name: name, standing: .inContainer)
    var facts = ScriptFacts()
    facts.obstacle = .tooLarge
    facts.uid = 1013
    facts.owner = name
    facts.size = .max
    facts.modificationTime = 1_518_490_439_000_000_003
    facts.sha256 = [UInt8](repeating: 11, count: 32)
    facts.application = WebApplication(
        kind: .wordPress, version: name, root: text, component: .init(kind: .plugin, name: text))
    var tracker = Tracker(place: { _ in placement }, inspect: { _, _, _ in facts })
    _ = tracker.handle(.context(context, fingerprint: 3))
    let begin = ConnectEvent(
        time: time, connection: id, identity: 1, description: process,
        source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
        destination: Endpoint(address: try #require(IPAddress(destination)), port: 25), thread: 4243, threadName: text,
        isFollowed: true, php: 3, origin: 3)
    var change = tracker.handle(.connect(begin))
    if !isOpen {
        let life = LifeEvent(
            time: time + 1_500_000_001, connection: id, establishedTime: time + 12_345_678, error: 104,
            source: Endpoint(address: try #require(IPAddress("198.51.100.7")), port: 40_961), cookie: .max,
            bytesSent: .max, bytesReceived: 2003)
        change = tracker.handle(.closed(life))
    }
    var connection = try #require(change).connection
    var dialogue = SMTPDialogue()
    dialogue.greeting = .init(code: 220, text: text)
    dialogue.hello = .ehlo
    dialogue.helloName = text
    dialogue.sender = text
    dialogue.size = .max
    dialogue.recipient = text
    dialogue.recipients = 3
    dialogue.messages = 2
    dialogue.accepted = 1
    dialogue.lastReply = .init(code: 550, text: text)
    dialogue.saidStartTLS = true
    dialogue.serverName = text
    dialogue.authMechanism = text
    dialogue.saidQuit = true
    dialogue.proxy = .init(kind: .socks5, host: text, port: 25)
    dialogue.gaps = .lineCut
    connection.dialogue = dialogue
    connection.judgement = Judgement(verdict, [Reason(.foreignHello, text), Reason(.fanOut, text)])
    return connection
}
