internal import CLinux
internal import Glibc
public import MailWatch

/// A connection as JSONReport wrote it: what `trace --format json` and `export --format json` give. Of a field that the
/// recording does not have nothing is known; what is no connection is none.
public struct JSONRecord: Sendable {
    /// Its times are in ns since the epoch: read them by `WallClock(bootTime: 0)`.
    public let connection: Connection
    /// Of the destination, by reverse DNS; empty where it is not known.
    public let name: [UInt8]
    /// Of the host where it was recorded.
    public let host: String

    /// The time of a line's connect, in ns since the epoch; nil where the line is none of a connection.
    ///
    /// A short look at what JSONReport begins each line with: a recording is put in order before it is read.
    public static func time(ofLine line: some Collection<UInt8>) -> UInt64? {
        let head = Array(#"{"@timestamp":""#.utf8)
        guard line.starts(with: head), String(decoding: line.prefix(256), as: UTF8.self).contains(#""kind":"event""#)
        else { return nil }
        return time(Array(line.dropFirst(head.count).prefix { $0 != UInt8(ascii: "\"") }))
    }

    /// - Parameter id: what the connection shall be named by.
    public init?(line: [UInt8], id: UInt64) {
        guard let json = JSON(text: line) else { return nil }
        guard json["event", "kind"].text == "event", let time = Self.time(json["@timestamp"].bytes),
            let state = ConnectionState(rawValue: json["mailsnoop", "state"].text)
        else { return nil }
        let script = Self.script(json, json["mailsnoop", "script"], path: json.bytes("file", "path"))
        let process = Self.process(json, script)
        let origin = json["mailsnoop", "origin"]
        let isOrigin = script?.evidence == .origin
        var connection = Connection(
            recorded: id, process: process, php: script?.evidence == .stack ? script : nil,
            origin: isOrigin ? script : Self.script(JSON.null, origin, path: origin.bytes("path")),
            thread: UInt32(clamping: json["process", "thread", "id"].number ?? 0),
            threadName: json.bytes("process", "thread", "name"),
            source: Self.endpoint(json["source"]), destination: Self.endpoint(json["destination"]),
            connectTime: time, state: state)
        connection.recall(
            establishedTime: Self.time(json["mailsnoop", "established"].bytes),
            endTime: Self.time(json["event", "end"].bytes), error: Self.error(json["mailsnoop", "error"].text),
            cookie: json["mailsnoop", "socket_cookie"].number ?? 0, bytesSent: json["source", "bytes"].number ?? 0,
            bytesReceived: json["destination", "bytes"].number ?? 0, dialogue: Self.dialogue(json),
            judgement: Judgement(
                Verdict(rawValue: json["mailsnoop", "verdict"].text) ?? .unknown,
                json["mailsnoop", "reasons"].list.compactMap { reason in
                    Reason.Code(rawValue: reason["code"].text).map { Reason($0, reason.bytes("text")) }
                }))
        self.connection = connection
        name = json.bytes("destination", "domain")
        host = json["host", "name"].text
    }

    private static func process(_ json: JSON, _ script: Script?) -> Process {
        let own = json["process"]
        let more = json["mailsnoop", "process"]
        var description = ProcessDescription()
        description.pid = UInt32(clamping: own["pid"].number ?? 0)
        description.startTime = time(own["start"].bytes) ?? 0
        description.uid = id(own["real_user"])
        description.gid = id(own["real_group"])
        description.effectiveUID = id(json["user"])
        description.effectiveGID = id(own["group"])
        description.loginUID = more["login_uid"].number.flatMap { UInt32(exactly: $0) }
        description.networkNamespace = UInt32(clamping: more["network_namespace"].number ?? 0)
        description.mountNamespace = UInt32(clamping: more["mount_namespace"].number ?? 0)
        description.cgroupID = more["cgroup_id"].number ?? 0
        description.cgroupPath = more.bytes("cgroup")
        description.comm = own.bytes("name")
        description.exe = own.bytes("executable")
        description.isExeDeleted = more["exe_deleted"].flag
        description.cwd = own.bytes("working_directory")
        description.isCwdDeleted = more["cwd_deleted"].flag
        description.root = more.bytes("root")
        description.argv = own.bytesList("args").flatMap { $0 + [0] }
        description.ancestors = more["ancestors"].list.map {
            ProcessDescription.Ancestor(
                pid: UInt32(clamping: $0["pid"].number ?? 0), uid: UInt32(clamping: $0["uid"].number ?? 0),
                startTime: time($0["start"].bytes) ?? 0, comm: $0.bytes("name"))
        }
        description.userNamespace = UInt32(clamping: more["user_namespace"].number ?? 0)
        description.exeMountNamespace = UInt32(clamping: more["exe_mount_namespace"].number ?? 0)
        description.exeMountOwner = UInt32(clamping: more["exe_mount_owner"].number ?? 0)
        if !more["legacy_cgroup"].isNull { description.legacyCgroupPath = more.bytes("legacy_cgroup") }
        description.isKernelThread = more["kernel_thread"].flag
        description.execution = execution(more["execution"], of: description)
        let gaps = Set(more["gaps"].list.map(\.text))
        for gap in ProcessDescription.Gaps.names where gaps.contains("\(gap.name)") {
            description.gaps.insert(gap.gap)
        }
        return Process(
            identity: 0, description: description,
            placement: Placement(
                userName: own["real_user", "name"].string, effectiveUserName: json["user", "name"].string,
                unit: more["unit"].string, container: json["container", "id"].string,
                opaquePHP: more["php_note"].string),
            script: script?.evidence == .argv ? script : nil)
    }

    private static func execution(
        _ json: JSON, of process: ProcessDescription
    ) -> ProcessDescription.Execution? {
        guard !json.isNull else { return nil }
        var execution = ProcessDescription.Execution()
        execution.argv = json["args"].isNull ? process.argv : json.bytesList("args").flatMap { $0 + [0] }
        execution.cwd = json["working_directory"].isNull ? process.cwd : json.bytes("working_directory")
        execution.isArgvTruncated = json["args_truncated"].flag
        // A recording has no inodes: it says only whether the two are one file.
        execution.exeInode = process.exeInode ^ (json["exe_changed"].flag ? 1 : 0)
        execution.exeDevice = process.exeDevice
        execution.hasLoaderVariables = json["loader_variables"].flag
        execution.hasInterpreterVariables = json["interpreter_variables"].flag
        execution.isEnvironmentTruncated = json["environment_truncated"].flag
        return execution
    }

    /// - Parameter whole: has what ECS has names for; null for the origin of a script, of which there is none of that.
    private static func script(_ whole: JSON, _ json: JSON, path: [UInt8]) -> Script? {
        guard let evidence = Script.Evidence(rawValue: json["evidence"].text) ?? (json["php"].isNull ? nil : .origin)
        else { return nil }
        var facts: ScriptFacts?
        if !whole["file"].isNull || !json["application"].isNull || !json["obstacle"].isNull {
            var found = ScriptFacts()
            found.obstacle = ScriptFacts.Obstacle(rawValue: json["obstacle"].text)
            found.uid = UInt32(whole["file", "uid"].text)
            found.owner = whole["file", "owner"].string
            found.size = whole["file", "size"].number
            found.modificationTime = time(whole["file", "mtime"].bytes)
            found.sha256 = hash(whole["file", "hash", "sha256"].text)
            found.application = application(json["application"])
            facts = found
        }
        return Script(
            evidence: evidence, path: path, line: UInt32(clamping: json["line"].number ?? 0),
            context: context(whole, json["php"]),
            facts: facts)
    }

    private static func application(_ json: JSON) -> WebApplication? {
        guard let kind = WebApplication.Kind(rawValue: json["name"].text) else { return nil }
        let component = WebApplication.Component.Kind(rawValue: json["component"].text)
        return WebApplication(
            kind: kind, version: json["version"].string, root: json.bytes("root"),
            component: component.map { .init(kind: $0, name: json.bytes("component_name")) })
    }

    private static func context(_ whole: JSON, _ json: JSON) -> PHPContext? {
        guard !json.isNull else { return nil }
        var context = PHPContext()
        context.pid = UInt32(clamping: json["pid"].number ?? 0)
        context.uid = json["uid"].number.flatMap { UInt32(exactly: $0) }
        context.version = json["version"].text
        context.sapi = json.bytes("sapi")
        context.pool = json.bytes("pool")
        context.script = json.bytes("entry")
        context.method = whole.bytes("http", "request", "method")
        context.host = whole.bytes("url", "domain")
        context.path = whole.bytes("url", "path")
        context.client = whole.bytes("client", "address")
        context.frames = json["frames"].list.map { frame in
            let kinds: [PHPContext.Frame.Kind] = [.none, .internal, .user, .eval]
            return PHPContext.Frame(
                kind: kinds.first { "\($0)" == frame["kind"].text } ?? .none, file: frame.bytes("file"),
                line: UInt32(clamping: frame["line"].number ?? 0), function: frame.bytes("function"),
                scope: frame.bytes("class"))
        }
        let gaps = Set(json["gaps"].list.map(\.text))
        for gap in PHPContext.Gaps.names where gaps.contains("\(gap.name)") { context.gaps.insert(gap.gap) }
        return context
    }

    private static func dialogue(_ json: JSON) -> SMTPDialogue? {
        let said = json["smtp"]
        guard !said.isNull else { return nil }
        var dialogue = SMTPDialogue()
        dialogue.hello = SMTPDialogue.Hello(rawValue: said["hello"].text)
        dialogue.helloName = said.bytes("ehlo")
        dialogue.sender = said["mail_from"].isNull ? nil : said.bytes("mail_from")
        dialogue.size = said["size"].number
        dialogue.recipient = said["rcpt_to"].isNull ? nil : said.bytes("rcpt_to")
        dialogue.recipients = UInt32(clamping: said["recipients"].number ?? 0)
        dialogue.messages = UInt32(clamping: said["messages"].number ?? 0)
        dialogue.accepted = UInt32(clamping: said["accepted"].number ?? 0)
        dialogue.saidStartTLS = said["starttls"].flag
        dialogue.isEncrypted = said["encrypted"].flag
        dialogue.authMechanism = said.bytes("auth")
        dialogue.reachedData = said["data"].flag
        dialogue.saidQuit = said["quit"].flag
        dialogue.greeting = reply(said["greeting"])
        dialogue.lastReply = reply(said["reply"])
        dialogue.serverName = json.bytes("tls", "client", "server_name")
        let proxy = json["mailsnoop", "proxy"]
        dialogue.proxy = SMTPDialogue.Proxy.Kind(rawValue: proxy["kind"].text).map {
            SMTPDialogue.Proxy(kind: $0, host: proxy.bytes("host"), port: UInt16(clamping: proxy["port"].number ?? 0))
        }
        let gaps = Set(said["gaps"].list.map(\.text))
        for gap in SMTPDialogue.Gaps.names where gaps.contains("\(gap.name)") { dialogue.gaps.insert(gap.gap) }
        return dialogue
    }

    private static func reply(_ json: JSON) -> SMTPDialogue.Reply? {
        json["code"].number.flatMap { UInt16(exactly: $0) }.map { .init(code: $0, text: json.bytes("text")) }
    }

    private static func endpoint(_ json: JSON) -> Endpoint {
        Endpoint(
            address: IPAddress(json["ip"].text) ?? IPAddress(high: 0, low: 0),
            port: json["port"].number.flatMap { UInt16(exactly: $0) } ?? 0)
    }

    private static func id(_ json: JSON) -> UInt32? { UInt32(json["id"].text) }

    /// The errno of a name, or of a number that has none.
    private static func error(_ name: String) -> Int32 {
        if name.isEmpty { return 0 }
        return Int32(name) ?? (1..<134).first { errorName($0) == name } ?? 0
    }

    private static func hash(_ text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == 64, digits.count == text.count else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    /// RFC 3339 in UTC with nanoseconds, as `Timestamp.append` writes it; in ns since the epoch.
    private static func time(_ text: [UInt8]) -> UInt64? {
        guard text.count == 30, text[29] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? { Int(String(decoding: text[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let fraction = number(20..<29), fraction >= 0, (1970..<2500).contains(year)
        else { return nil }
        var parts = unsafe tm()
        unsafe parts.tm_year = Int32(year - 1900)
        unsafe parts.tm_mon = Int32(month - 1)
        unsafe parts.tm_mday = Int32(day)
        unsafe parts.tm_hour = Int32(hour)
        unsafe parts.tm_min = Int32(minute)
        unsafe parts.tm_sec = Int32(second)
        // Reads and normalises the tm that it is given.
        let seconds = unsafe timegm(&parts)
        return seconds < 0 ? nil : UInt64(seconds) * 1_000_000_000 + UInt64(fraction)
    }
}
