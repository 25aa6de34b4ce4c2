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

    /// - Parameter host: name of this host.
    public init(host: String) { self.host = host }

    /// Appends the object of a connection, with the line end.
    public mutating func append(_ connection: Connection, clock: WallClock, to line: inout [UInt8]) {
        let process = connection.process
        let outcome = connection.isFailure ? "failure" : connection.establishedTime != nil ? "success" : "unknown"
        let processFragment = processes.fragment(of: process, clock: clock) { Self.describe(process, clock) }
        let host = host
        let placeFragment = places.fragment(of: process, clock: clock) { Self.place(process, host) }
        let extensionFragment = extensions.fragment(of: process, clock: clock) { Self.extend(process, clock) }
        var json = JSONWriter(timestamps: timestamps)
        json.object {
            $0.time("@timestamp", clock.wallTime(connection.connectTime))
            $0.object("event") {
                $0.text("kind", "event")
                $0.texts("category", ["network"])
                $0.texts("type", ["connection", connection.state.hasEnded ? "end" : "start"])
                $0.text("action", "connection-\(connection.state.rawValue)")
                $0.text("outcome", outcome)
                $0.time("start", clock.wallTime(connection.connectTime))
                if let end = connection.endTime { $0.time("end", clock.wallTime(end)) }
                if let duration = connection.duration { $0.number("duration", duration) }
            }
            $0.object("source") {
                if !connection.source.address.isUnspecified { $0.address("ip", connection.source.address) }
                if connection.source.port != 0 { $0.number("port", connection.source.port) }
                if connection.endTime != nil { $0.number("bytes", connection.bytesSent) }
            }
            $0.object("destination") {
                $0.address("ip", connection.destination.address)
                $0.number("port", connection.destination.port)
                if connection.endTime != nil { $0.number("bytes", connection.bytesReceived) }
            }
            $0.object("network") {
                $0.text("transport", "tcp")
                $0.text("type", connection.destination.address.isIPv4 ? "ipv4" : "ipv6")
                $0.text("direction", "egress")
            }
            $0.object("process") {
                $0.fragment(processFragment)
                $0.object("thread") {
                    $0.number("id", connection.thread)
                    $0.bytes("name", connection.threadName)
                }
            }
            $0.fragment(placeFragment)
            $0.object("mailsnoop") {
                $0.text("state", connection.state.rawValue)
                if connection.error != 0 { $0.text("error", errorName(connection.error)) }
                if let established = connection.establishedTime { $0.time("established", clock.wallTime(established)) }
                if connection.cookie != 0 { $0.number("socket_cookie", connection.cookie) }
                $0.object("process") { $0.fragment(extensionFragment) }
            }
        }
        timestamps = json.timestamps
        line += json.text
        line.append(UInt8(ascii: "\n"))
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
                $0.object("lost") {
                    for cause in summary.losses.byCause { $0.number("\(cause.name)", cause.count) }
                    $0.number("unwritten", UInt64(summary.unwritten))
                }
                $0.objects("senders", summary.ledger.busiest(.max)) { sender, json in
                    json.text("user", sender.user)
                    json.bytes("executable", sender.program)
                    json.number("connects", UInt64(sender.connects))
                    json.number("failed", UInt64(sender.failed))
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
        json.texts("gaps", gapNames(description.gaps))
        return json.text
    }

    /// A pid comes again; pid and start time do not.
    private static func entity(_ process: ProcessDescription) -> String {
        "\(process.pid)-\(process.startTime)"
    }
}
