public import MailWatch

/// A line a connection: JSON (RFC 8259) with the names of the Elastic Common Schema, own ones below `mailsnoop`.
///
/// Bytes that are no UTF-8 become U+FFFD; the field then has a companion `NAME_base64` with the exact bytes.
public struct JSONReport: Sendable {
    private let host: String
    private var timestamps = TimestampWriter()
    private var processes = FragmentCache()
    private var places = FragmentCache()
    private var extensions = FragmentCache()
    private var requests = FragmentCache()
    private var scripts = FragmentCache()

    /// - Parameter host: name of this host.
    public init(host: String) { self.host = host }

    /// Appends the object of a connection, with the line end.
    ///
    /// - Parameter name: of the destination, by reverse DNS; empty where it is not known.
    public mutating func append(
        _ connection: Connection, name: [UInt8] = [], clock: WallClock, to line: inout [UInt8]
    ) {
        let process = connection.process
        let outcome = connection.isFailure ? "failure" : connection.establishedTime != nil ? "success" : "unknown"
        let processFragment = processes.fragment(of: process, clock: clock) { Self.describe(process, clock) }
        let host = host
        let placeFragment = places.fragment(of: process, clock: clock) { Self.place(process, host) }
        let extensionFragment = extensions.fragment(of: process, clock: clock) { Self.extend(process, clock) }
        let requestFragment = requests.fragment(ofScriptOf: connection, clock: clock) { Self.request(connection) }
        let scriptFragment = scripts.fragment(ofScriptOf: connection, clock: clock) { Self.script(connection) }
        let isHandover = connection.state == .handedOver
        var json = JSONWriter(timestamps: timestamps)
        json.object {
            $0.time("@timestamp", clock.wallTime(connection.connectTime))
            $0.object("event") {
                $0.text("kind", "event")
                $0.texts("category", isHandover ? ["process", "email"] : ["network"])
                $0.texts(
                    "type", isHandover ? ["start"] : ["connection", connection.state.hasEnded ? "end" : "start"])
                $0.text("action", isHandover ? "mail-handed-over" : "connection-\(connection.state.rawValue)")
                $0.text("outcome", outcome)
                $0.time("start", clock.wallTime(connection.connectTime))
                if let end = connection.endTime { $0.time("end", clock.wallTime(end)) }
                if let duration = connection.duration { $0.number("duration", duration) }
            }
            if !isHandover { Self.network(connection, name, to: &$0) }
            if let dialogue = connection.dialogue { Self.dialogue(dialogue, to: &$0) }
            $0.object("process") {
                $0.fragment(processFragment)
                $0.object("thread") {
                    $0.number("id", connection.thread)
                    $0.bytes("name", connection.threadName)
                }
            }
            $0.fragment(placeFragment)
            $0.fragment(requestFragment)
            $0.object("mailsnoop") {
                $0.text("state", connection.state.rawValue)
                $0.text("verdict", connection.judgement.verdict.rawValue)
                $0.objects("reasons", connection.judgement.reasons) { reason, json in
                    json.text("code", reason.code.rawValue)
                    json.bytes("text", reason.sentence)
                }
                if let proxy = connection.dialogue?.proxy {
                    $0.object("proxy") {
                        $0.text("kind", proxy.kind.rawValue)
                        $0.bytes("host", proxy.host)
                        $0.number("port", proxy.port)
                    }
                }
                if connection.error != 0 { $0.text("error", errorName(connection.error)) }
                if let established = connection.establishedTime { $0.time("established", clock.wallTime(established)) }
                if connection.cookie != 0 { $0.number("socket_cookie", connection.cookie) }
                $0.object("process") {
                    $0.fragment(extensionFragment)
                    // It may have been learned since.
                    if connection.php == nil, let reason = process.placement.opaquePHP { $0.text("php_note", reason) }
                }
                $0.fragment(scriptFragment)
            }
        }
        timestamps = json.timestamps
        line += json.text
        line.append(UInt8(ascii: "\n"))
    }

    private static func network(_ connection: Connection, _ name: [UInt8], to json: inout JSONWriter) {
        json.object("source") {
            if !connection.source.address.isUnspecified { $0.address("ip", connection.source.address) }
            if connection.source.port != 0 { $0.number("port", connection.source.port) }
            if connection.endTime != nil { $0.number("bytes", connection.bytesSent) }
        }
        json.object("destination") {
            $0.address("ip", connection.destination.address)
            if !name.isEmpty { $0.bytes("domain", name) }
            $0.number("port", connection.destination.port)
            if connection.endTime != nil { $0.number("bytes", connection.bytesReceived) }
        }
        json.object("network") {
            $0.text("transport", "tcp")
            if connection.dialogue != nil { $0.text("protocol", "smtp") }
            $0.text("type", connection.destination.address.isIPv4 ? "ipv4" : "ipv6")
            $0.text("direction", "egress")
        }
    }

    /// ECS has no name for it. What may have been said within TLS is not known, and absent.
    private static func dialogue(_ dialogue: SMTPDialogue, to json: inout JSONWriter) {
        json.object("smtp") {
            if let hello = dialogue.hello {
                $0.text("hello", hello.rawValue)
                $0.bytes("ehlo", dialogue.helloName)
            }
            if let sender = dialogue.sender { $0.bytes("mail_from", sender) }
            if let size = dialogue.size { $0.number("size", size) }
            if let recipient = dialogue.recipient { $0.bytes("rcpt_to", recipient) }
            if dialogue.isOpenToSee {
                $0.number("recipients", dialogue.recipients)
                $0.number("messages", dialogue.messages)
                $0.number("accepted", dialogue.accepted)
            }
            $0.flag("starttls", dialogue.saidStartTLS)
            $0.flag("encrypted", dialogue.isEncrypted)
            if !dialogue.authMechanism.isEmpty { $0.bytes("auth", dialogue.authMechanism) }
            if dialogue.isOpenToSee {
                $0.flag("data", dialogue.reachedData)
                $0.flag("quit", dialogue.saidQuit)
            }
            if let greeting = dialogue.greeting { $0.reply("greeting", greeting) }
            if let reply = dialogue.lastReply { $0.reply("reply", reply) }
            $0.texts("gaps", DialogueText.gaps(dialogue))
        }
        guard !dialogue.serverName.isEmpty else { return }
        json.object("tls") { $0.object("client") { $0.bytes("server_name", dialogue.serverName) } }
    }

    /// Appends the last line: what was seen in all, and what was lost.
    public func append(summary: Summary, time: UInt64, to line: inout [UInt8]) {
        var json = JSONWriter()
        json.object {
            $0.time("@timestamp", time)
            $0.object("event") {
                $0.text("kind", "metric")
                $0.text("dataset", "mailsnoop.summary")
                $0.number("duration", summary.duration)
            }
            $0.object("host") { $0.text("name", host) }
            $0.object("mailsnoop") {
                $0.text("hook", summary.hook)
                $0.number("connects", UInt64(summary.ledger.connects))
                $0.number("open", UInt64(summary.stillOpen))
                $0.verdicts(summary.ledger.verdicts)
                $0.object("lost") {
                    for cause in summary.losses.byCause { $0.number("\(cause.name)", cause.count) }
                    $0.number("unwritten", UInt64(summary.unwritten))
                }
                $0.objects("senders", summary.ledger.busiest(.max)) { sender, json in
                    json.text("user", sender.user)
                    json.bytes("executable", sender.program)
                    if !sender.script.isEmpty { json.bytes("script", sender.script) }
                    json.number("connects", UInt64(sender.connects))
                    json.number("failed", UInt64(sender.failed))
                    json.number("handed_over", UInt64(sender.handovers))
                    json.verdicts(sender.verdicts)
                }
            }
        }
        line.append(contentsOf: json.text)
        line.append(UInt8(ascii: "\n"))
    }

    /// Members of `process`.
    private static func describe(_ process: Process, _ clock: WallClock) -> [UInt8] {
        let description = process.description
        var json = JSONWriter()
        json.number("pid", description.pid)
        json.bytes("name", description.comm)
        json.text("entity_id", entity(description))
        if !description.exe.isEmpty { json.bytes("executable", description.exe) }
        json.bytesList("args", description.arguments)
        json.number("args_count", UInt64(description.arguments.count))
        json.bytes("command_line", process.commandLine)
        if !description.cwd.isEmpty { json.bytes("working_directory", description.cwd) }
        if description.startTime > 0 { json.time("start", clock.wallTime(description.startTime)) }
        json.account("real_user", description.uid, name: process.placement.userName)
        json.account("real_group", description.gid)
        json.account("group", description.effectiveGID)
        if let parent = description.ancestors.first {
            json.object("parent") {
                $0.number("pid", parent.pid)
                $0.bytes("name", parent.comm)
                $0.time("start", clock.wallTime(parent.startTime))
                $0.account("user", parent.uid)
            }
        }
        return json.text
    }

    /// The members beside `process` that the process decides.
    private static func place(_ process: Process, _ host: String) -> [UInt8] {
        let description = process.description
        var json = JSONWriter()
        json.account("user", description.effectiveUID, name: process.placement.effectiveUserName)
        json.object("host") { $0.text("name", host) }
        if let container = process.placement.container { json.object("container") { $0.text("id", container) } }
        return json.text
    }

    /// What ECS has no name for: members of `mailsnoop.process`.
    private static func extend(_ process: Process, _ clock: WallClock) -> [UInt8] {
        let description = process.description
        var json = JSONWriter()
        json.number("network_namespace", description.networkNamespace)
        json.bytes("cgroup", description.cgroupPath)
        json.number("cgroup_id", description.cgroupID)
        if let unit = process.placement.unit { json.text("unit", unit) }
        if let login = description.loginUID { json.number("login_uid", login) }
        json.flag("exe_deleted", description.isExeDeleted)
        json.flag("cwd_deleted", description.isCwdDeleted)
        json.objects("ancestors", description.ancestors) { ancestor, json in
            json.number("pid", ancestor.pid)
            json.number("uid", ancestor.uid)
            json.bytes("name", ancestor.comm)
            json.time("start", clock.wallTime(ancestor.startTime))
        }
        if !description.root.isEmpty { json.bytes("root", description.root) }
        json.number("mount_namespace", description.mountNamespace)
        if description.userNamespace != 0 { json.number("user_namespace", description.userNamespace) }
        if description.exeMountNamespace != 0 {
            json.number("exe_mount_namespace", description.exeMountNamespace)
            json.number("exe_mount_owner", description.exeMountOwner)
        }
        if let legacy = description.legacyCgroupPath { json.bytes("legacy_cgroup", legacy) }
        if description.isKernelThread { json.flag("kernel_thread", true) }
        if let execution = description.execution {
            json.object("execution") { extend(execution, description, &$0) }
        }
        json.texts("gaps", gapNames(description.gaps))
        return json.text
    }

    /// What the process was at its exec; arguments, directory and file where they differ from those of the connect.
    private static func extend(
        _ execution: ProcessDescription.Execution, _ process: ProcessDescription, _ json: inout JSONWriter
    ) {
        if execution.argv != process.argv { json.bytesList("args", execution.arguments) }
        if execution.cwd != process.cwd { json.bytes("working_directory", execution.cwd) }
        if execution.exeInode != process.exeInode || execution.exeDevice != process.exeDevice {
            json.flag("exe_changed", true)
        }
        if execution.isArgvTruncated { json.flag("args_truncated", true) }
        json.flag("loader_variables", execution.hasLoaderVariables)
        json.flag("interpreter_variables", execution.hasInterpreterVariables)
        if execution.isEnvironmentTruncated { json.flag("environment_truncated", true) }
    }

    /// What ECS has names for: the script's file and the request.
    private static func request(_ connection: Connection) -> [UInt8] {
        var json = JSONWriter()
        guard let script = connection.script else { return [] }
        let facts = script.facts
        if !script.path.isEmpty {
            json.object("file") {
                $0.bytes("path", script.path)
                if let uid = facts?.uid { $0.text("uid", String(uid)) }
                if let owner = facts?.owner { $0.text("owner", owner) }
                if let size = facts?.size { $0.number("size", size) }
                if let time = facts?.modificationTime { $0.time("mtime", time) }
                if let hash = facts?.sha256 { $0.object("hash") { $0.text("sha256", hexadecimal(hash)) } }
            }
        }
        guard let context = script.context else { return json.text }
        if !context.host.isEmpty || !context.path.isEmpty {
            json.object("url") {
                if !context.host.isEmpty { $0.bytes("domain", context.host) }
                if !context.path.isEmpty { $0.bytes("path", context.path) }
            }
        }
        if !context.method.isEmpty {
            json.object("http") { $0.object("request") { $0.bytes("method", context.method) } }
        }
        if !context.client.isEmpty { json.object("client") { $0.bytes("address", context.client) } }
        return json.text
    }

    /// What it has none for: members of `mailsnoop`.
    private static func script(_ connection: Connection) -> [UInt8] {
        var json = JSONWriter()
        if let script = connection.script { json.object("script") { describe(script, to: &$0) } }
        // Where PHP has started PHP, the script above is the child's.
        if connection.php != nil, let origin = connection.origin {
            json.object("origin") {
                $0.bytes("path", origin.path)
                describe(origin, to: &$0)
            }
        }
        return json.text
    }

    private static func describe(_ script: Script, to json: inout JSONWriter) {
        json.text("evidence", script.evidence.rawValue)
        if script.line > 0 { json.number("line", script.line) }
        if let obstacle = script.facts?.obstacle { json.text("obstacle", obstacle.rawValue) }
        if let application = script.facts?.application {
            json.object("application") {
                $0.text("name", application.kind.rawValue)
                if let version = application.version { $0.text("version", version) }
                $0.bytes("root", application.root)
                if let component = application.component {
                    $0.text("component", component.kind.rawValue)
                    if !component.name.isEmpty { $0.bytes("component_name", component.name) }
                }
            }
        }
        guard let context = script.context else { return }
        if let frame = context.culpritFrame { json.bytes("function", frame.call) }
        json.object("php") {
            $0.number("pid", context.pid)
            if let uid = context.uid { $0.number("uid", uid) }
            $0.text("version", context.version)
            $0.bytes("sapi", context.sapi)
            if !context.pool.isEmpty { $0.bytes("pool", context.pool) }
            if !context.script.isEmpty { $0.bytes("entry", context.script) }
            $0.objects("frames", context.frames) { frame, json in
                json.text("kind", "\(frame.kind)")
                if !frame.file.isEmpty { json.bytes("file", frame.file) }
                if frame.line > 0 { json.number("line", frame.line) }
                if !frame.scope.isEmpty { json.bytes("class", frame.scope) }
                if !frame.function.isEmpty { json.bytes("function", frame.function) }
            }
            $0.texts("gaps", ScriptText.gaps(context))
        }
    }

    /// A pid comes again; pid and start time do not.
    private static func entity(_ process: ProcessDescription) -> String {
        "\(process.pid)-\(process.startTime)"
    }
}

extension JSONWriter {
    fileprivate mutating func reply(_ name: String, _ reply: SMTPDialogue.Reply) {
        object(name) {
            $0.number("code", reply.code)
            $0.bytes("text", reply.text)
        }
    }

    /// All of them, so that who reads it has a number for each.
    fileprivate mutating func verdicts(_ counts: [Verdict: Int]) {
        object("verdicts") {
            for verdict in Verdict.allCases { $0.number(verdict.rawValue, UInt64(counts[verdict] ?? 0)) }
        }
    }
}
