internal import CLinux
public import MailWatch

/// A row a connection, RFC 4180: CRLF, quotes doubled. The columns are an interface: new ones come at the end.
public struct CSVReport: Sendable {
    /// First what belongs to the connection, then what belongs to its process and script, then what was said on it.
    public static let columns = [
        "time", "state", "duration_s", "source_ip", "source_port", "destination_ip", "destination_port", "established",
        "end", "bytes_sent", "bytes_received", "error", "tid", "thread", "socket_cookie", "user", "uid",
        "effective_uid",
        "gid", "effective_gid", "login_uid", "pid", "process", "exe", "exe_deleted", "command_line", "cwd",
        "parent_pid",
        "parent", "ancestors", "process_start", "unit", "container", "cgroup", "network_namespace", "gaps",
        "root", "mount_namespace", "php_note", "script", "script_line", "script_function", "script_evidence",
        "script_owner", "script_modified", "script_size", "script_sha256", "script_obstacle", "application",
        "application_version", "application_root", "application_component", "php_version", "php_sapi", "php_pool",
        "php_pid", "http_method", "http_host", "http_path", "http_client", "php_entry", "php_stack", "php_gaps",
        "origin_script", "origin_line", "origin_pid", "origin_stack", "destination_name", "verdict", "reasons",
        "smtp_hello", "smtp_ehlo", "smtp_mail_from", "smtp_size", "smtp_rcpt_to", "smtp_recipients", "smtp_messages",
        "smtp_accepted", "smtp_starttls", "smtp_encrypted", "smtp_server_name", "smtp_auth", "smtp_data", "smtp_quit",
        "smtp_greeting", "smtp_reply_code", "smtp_reply", "smtp_proxy", "smtp_gaps", "script_evaluated_line",
    ]

    private var timestamps = TimestampWriter()
    private var processes = FragmentCache()
    private var scripts = FragmentCache()

    public init() {}

    public static var header: [UInt8] { Array((columns.joined(separator: ",") + "\r\n").utf8) }

    /// Appends the row of a connection, with the line end.
    ///
    /// - Parameter name: of the destination, by reverse DNS; empty where it is not known.
    public mutating func append(
        _ connection: Connection, name: [UInt8] = [], clock: WallClock, to row: inout [UInt8]
    ) {
        let hasEnded = connection.endTime != nil
        timestamps.append(clock.wallTime(connection.connectTime), to: &row)
        Self.field(connection.state.rawValue, to: &row)
        Self.next(&row)
        if let duration = connection.duration { Reports.append(seconds: duration, to: &row) }
        Self.field(connection.source, to: &row)
        Self.field(connection.destination, to: &row)
        Self.next(&row)
        if let time = connection.establishedTime { timestamps.append(clock.wallTime(time), to: &row) }
        Self.next(&row)
        if let time = connection.endTime { timestamps.append(clock.wallTime(time), to: &row) }
        Self.field(number: hasEnded ? connection.bytesSent : nil, to: &row)
        Self.field(number: hasEnded ? connection.bytesReceived : nil, to: &row)
        Self.field(errorName(connection.error), to: &row)
        Self.field(number: connection.thread, to: &row)
        Self.field(connection.threadName, to: &row)
        Self.field(number: connection.cookie == 0 ? nil : connection.cookie, to: &row)
        row += processes.fragment(of: connection.process, clock: clock) { Self.fields(connection.process, clock) }
        row += scripts.fragment(ofScriptOf: connection, clock: clock) { Self.scriptFields(connection, clock) }
        Self.field(name, to: &row)
        Self.field(connection.judgement.verdict.rawValue, to: &row)
        Self.field(connection.judgement.reasons.map(\.code.rawValue).joined(separator: " "), to: &row)
        Self.dialogueFields(connection.dialogue, to: &row)
        Self.field(number: connection.script?.evaluatedLine, to: &row)
        row.append("\r\n" as StaticString)
    }

    /// The columns of the process.
    private static func fields(_ process: Process, _ clock: WallClock) -> [UInt8] {
        let description = process.description
        let parent = description.ancestors.first
        var row: [UInt8] = []
        field(process.placement.userName ?? "", to: &row)
        field(number: description.uid, to: &row)
        field(number: description.effectiveUID, to: &row)
        field(number: description.gid, to: &row)
        field(number: description.effectiveGID, to: &row)
        field(number: description.loginUID, to: &row)
        field(number: description.pid, to: &row)
        field(description.comm, to: &row)
        field(description.exe, to: &row)
        field(flag: description.isExeDeleted, to: &row)
        field(process.commandLine, to: &row)
        field(description.cwd, to: &row)
        field(number: parent?.pid, to: &row)
        field(parent?.comm ?? [], to: &row)
        field(ancestry(description), to: &row)
        next(&row)
        if description.startTime > 0 { Timestamp.append(clock.wallTime(description.startTime), to: &row) }
        field(process.placement.unit ?? "", to: &row)
        field(process.placement.container ?? "", to: &row)
        field(description.cgroupPath, to: &row)
        field(number: description.networkNamespace, to: &row)
        field(gapNames(description.gaps).joined(separator: " "), to: &row)
        field(description.root, to: &row)
        field(number: description.mountNamespace, to: &row)
        return row
    }

    /// The columns of the script, and why there may be none.
    private static func scriptFields(_ connection: Connection, _ clock: WallClock) -> [UInt8] {
        let script = connection.script
        let context = script?.context
        let facts = script?.facts
        var row: [UInt8] = []
        // It may have been learned since.
        field(connection.php == nil ? connection.process.placement.opaquePHP ?? "" : "", to: &row)
        field(script?.path ?? [], to: &row)
        field(number: script.flatMap { $0.line > 0 ? $0.line : nil }, to: &row)
        field(context?.culpritFrame?.call ?? [], to: &row)
        field(script?.evidence.rawValue ?? "", to: &row)
        field(facts?.owner ?? facts?.uid.map(String.init) ?? "", to: &row)
        next(&row)
        if let time = facts?.modificationTime { Timestamp.append(time, to: &row) }
        field(number: facts?.size, to: &row)
        field(facts?.sha256.map(hexadecimal) ?? "", to: &row)
        field(facts?.obstacle?.rawValue ?? "", to: &row)
        let application = facts?.application
        field(application?.kind.rawValue ?? "", to: &row)
        field(application?.version ?? "", to: &row)
        field(application?.root ?? [], to: &row)
        field(application?.component.map(ScriptText.component) ?? [], to: &row)
        field(context?.version ?? "", to: &row)
        field(context?.sapi ?? [], to: &row)
        field(context?.pool ?? [], to: &row)
        field(number: context?.pid, to: &row)
        field(context?.method ?? [], to: &row)
        field(context?.host ?? [], to: &row)
        field(context?.path ?? [], to: &row)
        field(context?.client ?? [], to: &row)
        field(context?.script ?? [], to: &row)
        field(context.map(ScriptText.stack) ?? [], to: &row)
        field(context.map { ScriptText.gaps($0).joined(separator: " ") } ?? "", to: &row)
        // Where PHP has started PHP, the script above is the child's.
        let origin = connection.php == nil ? nil : connection.origin
        field(origin?.path ?? [], to: &row)
        field(number: origin.flatMap { $0.line > 0 ? $0.line : nil }, to: &row)
        field(number: origin?.context?.pid, to: &row)
        field(origin?.context.map(ScriptText.stack) ?? [], to: &row)
        return row
    }

    /// What was said. What may have been said within TLS is not known, and empty.
    private static func dialogueFields(_ dialogue: SMTPDialogue?, to row: inout [UInt8]) {
        let open = dialogue.flatMap { $0.isOpenToSee ? $0 : nil }
        field(dialogue?.hello?.rawValue ?? "", to: &row)
        field(dialogue?.helloName ?? [], to: &row)
        field(dialogue?.sender.map(DialogueText.mailbox) ?? [], to: &row)
        field(number: dialogue?.size, to: &row)
        field(dialogue?.recipient.map(DialogueText.mailbox) ?? [], to: &row)
        field(number: open?.recipients, to: &row)
        field(number: open?.messages, to: &row)
        field(number: open?.accepted, to: &row)
        field(flag: dialogue?.saidStartTLS, to: &row)
        field(flag: dialogue?.isEncrypted, to: &row)
        field(dialogue?.serverName ?? [], to: &row)
        field(dialogue?.authMechanism ?? [], to: &row)
        field(flag: open?.reachedData, to: &row)
        field(flag: open?.saidQuit, to: &row)
        field(dialogue?.greeting.map(DialogueText.reply) ?? [], to: &row)
        field(number: dialogue?.lastReply?.code, to: &row)
        field(dialogue?.lastReply?.text ?? [], to: &row)
        field(dialogue?.proxy.map(DialogueText.proxy) ?? [], to: &row)
        field(dialogue.map { DialogueText.gaps($0).joined(separator: " ") } ?? "", to: &row)
    }

    private static func next(_ row: inout [UInt8]) { row.append(UInt8(ascii: ",")) }

    /// Appends a comma and a field, empty for nil.
    public static func field(number: (some UnsignedInteger)?, to row: inout [UInt8]) {
        next(&row)
        if let number { row.append(decimal: UInt64(number)) }
    }

    private static func field(flag: Bool?, to row: inout [UInt8]) {
        field(number: flag.map { $0 ? 1 as UInt8 : 0 }, to: &row)
    }

    /// Address and port, each empty while it is not known.
    private static func field(_ endpoint: Endpoint, to row: inout [UInt8]) {
        next(&row)
        if !endpoint.address.isUnspecified { endpoint.address.append(to: &row) }
        next(&row)
        if endpoint.port != 0 { row.append(decimal: UInt64(endpoint.port)) }
    }

    /// Appends a comma and a field.
    public static func field(_ text: String, to row: inout [UInt8]) { field(Array(text.utf8), to: &row) }

    /// Text is escaped, kept from being a formula, and quoted where it has to be.
    public static func field(_ bytes: [UInt8], to row: inout [UInt8]) {
        next(&row)
        let start = row.count
        if isFormula(bytes) { row.append(UInt8(ascii: "'")) }
        Escaping.append(bytes, to: &row, for: .text)
        // Escaped text has neither CR nor LF.
        let text = row[start...]
        guard text.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else { return }
        let quoted = text.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
        row.replaceSubrange(start..., with: [UInt8(ascii: "\"")] + quoted + [UInt8(ascii: "\"")])
    }

    /// Whether a spreadsheet would calculate it: an operator begins it, also as a full-width, small or superscript character,
    /// or behind blanks, which some programs leave out. Control characters are escaped anyway.
    private static func isFormula(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return false }
        if first > UInt8(ascii: " "), first < 0x80 { return operators.contains(Unicode.Scalar(first)) }
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        return scalars.first { !$0.properties.isWhitespace }.map(operators.contains) ?? false
    }

    private static let operators = Set(
        ("=+-@" + "\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}" + "\u{FE66}\u{FE62}\u{FE63}\u{FE6B}"
            + "\u{207C}\u{207A}\u{207B}\u{208C}\u{208A}\u{208B}" + "\u{2212}").unicodeScalars)

    /// `pid:comm` from the parent up.
    static func ancestry(_ process: ProcessDescription) -> [UInt8] {
        var text: [UInt8] = []
        for ancestor in process.ancestors {
            if !text.isEmpty { text.append(" < " as StaticString) }
            text.append(decimal: UInt64(ancestor.pid))
            text.append(UInt8(ascii: ":"))
            text.append(contentsOf: ancestor.comm)
        }
        return text
    }
}

/// `ECONNREFUSED`, the number where it has no name, nothing for 0.
func errorName(_ number: Int32) -> String {
    if number == 0 { return "" }
    // strerrorname_np gives a constant string, or none.
    guard let name = unsafe clinux_errno_name(number) else { return String(number) }
    return unsafe String(cString: name)
}

func gapNames(_ gaps: ProcessDescription.Gaps) -> [String] {
    ProcessDescription.Gaps.names.filter { gaps.contains($0.gap) }.map { "\($0.name)" }
}
