public import MailWatch

/// A line a connection: JSON (RFC 8259) with the names of the Elastic Common Schema, own ones below `mailsnoop`.
///
/// Bytes that are no UTF-8 become U+FFFD; the field then has a companion `NAME_base64` with the exact bytes.
public struct JSONReport: Sendable {
    private let host: String

    /// - Parameter host: name of this host.
    public init(host: String) { self.host = host }

    /// Appends the object of a connection, with the line end.
    public func append(_ connection: Connection, clock: WallClock, to line: inout [UInt8]) {
        let process = connection.process
        let description = process.description
        let wasEstablished = connection.establishedTime != nil
        var json = JSONWriter()
        json.object {
            $0.time("@timestamp", clock.wallTime(connection.connectTime))
            $0.object("event") {
                $0.text("kind", "event")
                $0.texts("category", ["network"])
                $0.texts("type", ["connection", connection.state.hasEnded ? "end" : "start"])
                $0.text("action", "connection-\(connection.state.rawValue)")
                if connection.state.isFailure {
                    $0.text("outcome", "failure")
                } else {
                    $0.text("outcome", wasEstablished ? "success" : "unknown")
                }
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
            $0.object("process") { Self.write(process, of: connection, clock: clock, to: &$0) }
            $0.object("user") {
                $0.text("id", String(description.effectiveUID))
                if let name = process.placement.effectiveUserName { $0.text("name", name) }
            }
            $0.object("host") { $0.text("name", host) }
            if let container = process.placement.container { $0.object("container") { $0.text("id", container) } }
            $0.object("mailsnoop") {
                $0.text("state", connection.state.rawValue)
                if connection.error != 0 { $0.text("error", errorName(connection.error)) }
                if let established = connection.establishedTime { $0.time("established", clock.wallTime(established)) }
                $0.number("network_namespace", description.networkNamespace)
                if connection.cookie != 0 { $0.number("socket_cookie", connection.cookie) }
                $0.bytes("cgroup", description.cgroupPath)
                $0.number("cgroup_id", description.cgroupID)
                if let unit = process.placement.unit { $0.text("unit", unit) }
                if let login = description.loginUID { $0.number("login_uid", login) }
                $0.flag("exe_deleted", description.isExeDeleted)
                $0.flag("cwd_deleted", description.isCwdDeleted)
                $0.objects("ancestors", description.ancestors) { ancestor, json in
                    json.number("pid", ancestor.pid)
                    json.number("uid", ancestor.uid)
                    json.bytes("name", ancestor.comm)
                    json.time("start", clock.wallTime(ancestor.startTime))
                }
                $0.texts("gaps", gapNames(description.gaps))
            }
        }
        line.append(contentsOf: json.text)
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
                    json.number("established", UInt64(sender.established))
                    json.number("failed", UInt64(sender.failed))
                }
            }
        }
        line.append(contentsOf: json.text)
        line.append(UInt8(ascii: "\n"))
    }

    private static func write(
        _ process: Process, of connection: Connection, clock: WallClock, to json: inout JSONWriter
    ) {
        let description = process.description
        json.number("pid", description.pid)
        json.bytes("name", description.comm)
        json.text("entity_id", entity(description))
        if !description.exe.isEmpty { json.bytes("executable", description.exe) }
        json.bytesList("args", description.arguments)
        json.number("args_count", UInt64(description.arguments.count))
        json.bytes("command_line", process.commandLine)
        if !description.cwd.isEmpty { json.bytes("working_directory", description.cwd) }
        if description.startTime > 0 { json.time("start", clock.wallTime(description.startTime)) }
        json.object("thread") {
            $0.number("id", connection.thread)
            $0.bytes("name", connection.threadName)
        }
        json.object("real_user") {
            $0.text("id", String(description.uid))
            if let name = process.placement.userName { $0.text("name", name) }
        }
        json.object("real_group") { $0.text("id", String(description.gid)) }
        json.object("group") { $0.text("id", String(description.effectiveGID)) }
        if let parent = description.ancestors.first {
            json.object("parent") {
                $0.number("pid", parent.pid)
                $0.bytes("name", parent.comm)
                $0.time("start", clock.wallTime(parent.startTime))
                $0.object("user") { $0.text("id", String(parent.uid)) }
            }
        }
    }

    /// A pid comes again; pid and start time do not.
    private static func entity(_ process: ProcessDescription) -> String {
        "\(process.pid)-\(process.startTime)"
    }
}
