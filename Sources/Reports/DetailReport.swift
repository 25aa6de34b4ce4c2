public import MailWatch

/// A paragraph a connection for people: all that is known of it.
public struct DetailReport: Sendable {
    private let sink: Sink
    private var timestamps = TimestampWriter()

    public init(sink: Sink = .text) { self.sink = sink }

    /// Appends the paragraph of a connection, with an empty line behind it.
    ///
    /// - Parameter name: of the destination, by reverse DNS; empty where it is not known.
    public mutating func append(
        _ connection: Connection, name: [UInt8] = [], clock: WallClock, to text: inout [UInt8]
    ) {
        timestamps.append(clock.wallTime(connection.connectTime), to: &text)
        text.append("  \(connection.state.rawValue)  ")
        if connection.state == .handedOver {
            text.append("to the local mail server" as StaticString)
        } else {
            if connection.source.port != 0 {
                connection.source.append(to: &text)
                text.append(" > " as StaticString)
            }
            connection.destination.append(to: &text)
            if !name.isEmpty {
                text.append(" (" as StaticString)
                Escaping.append(name, to: &text, for: sink)
                text.append(UInt8(ascii: ")"))
            }
        }
        text.append(UInt8(ascii: "\n"))
        append(connection.judgement, to: &text)
        if let dialogue = connection.dialogue { append(dialogue, to: &text) }
        if let php = connection.php { append(php, clock, to: &text) }
        if let origin = connection.origin { append(origin, clock, to: &text) }
        if connection.php == nil, connection.origin == nil, let script = connection.process.script {
            append(script, clock, to: &text)
        }
        append(connection.process, clock, to: &text)
        // It may have been learned since.
        if connection.php == nil {
            line("partial", Array((connection.process.placement.opaquePHP ?? "").utf8), to: &text)
        }
        text.append(UInt8(ascii: "\n"))
    }

    private func append(_ judgement: Judgement, to text: inout [UInt8]) {
        line("verdict", Array(judgement.verdict.rawValue.utf8), to: &text)
        for (index, reason) in judgement.reasons.enumerated() {
            line(index == 0 ? "because" : "", reason.sentence, "[\(reason.code.rawValue)]", to: &text)
        }
    }

    /// In the order in which it is said.
    private func append(_ dialogue: SMTPDialogue, to text: inout [UInt8]) {
        line("proxy", dialogue.proxy.map(DialogueText.proxy) ?? [], to: &text)
        line("greeting", dialogue.greeting.map(DialogueText.reply) ?? [], to: &text)
        line("hello", DialogueText.hello(dialogue), to: &text)
        let isTLS = dialogue.isEncrypted
        line(
            "tls",
            Array((dialogue.saidStartTLS ? isTLS ? "STARTTLS" : "STARTTLS, not begun" : isTLS ? "begun" : "").utf8),
            to: &text)
        line("for", dialogue.serverName, "(server name in the ClientHello)", to: &text)
        line("auth", dialogue.authMechanism, to: &text)
        line("mail from", dialogue.sender.map(DialogueText.mailbox) ?? [], to: &text)
        line("rcpt to", dialogue.recipient.map(DialogueText.mailbox) ?? [], to: &text)
        if dialogue.messages > 0 {
            var counts = "\(dialogue.messages) begun, \(dialogue.accepted) accepted, \(dialogue.recipients) recipients"
            if let size = dialogue.size { counts += "; the first said to have \(size) bytes" }
            if !dialogue.reachedData { counts += "; no DATA" }
            line("messages", Array(counts.utf8), to: &text)
        }
        line(
            "reply", dialogue.lastReply.map(DialogueText.reply) ?? [], dialogue.saidQuit ? "(then QUIT)" : "", to: &text
        )
        line("unseen", Array(DialogueText.gaps(dialogue).joined(separator: " ").utf8), to: &text)
    }

    private func append(_ script: Script, _ clock: WallClock, to text: inout [UInt8]) {
        let evidence =
            switch script.evidence {
            case .stack: "PHP's stack"
            case .origin: "the stack of the PHP that started it"
            case .argv: "argv: its own word, no proof"
            }
        line("script", ScriptText.location(script), "(\(evidence))", to: &text)
        if let facts = script.facts { append(facts, to: &text) }
        guard let context = script.context else { return }
        line("request", ScriptText.request(context), to: &text)
        line("entry", context.script, to: &text)
        line("pool", context.pool, to: &text)
        line(
            "php", Array("\(context.version) ".utf8) + context.sapi,
            "pid \(context.pid)", to: &text)
        for (index, frame) in context.frames.enumerated() {
            line(index == 0 ? "stack" : "", Array("#\(index) ".utf8) + ScriptText.place(frame), to: &text)
        }
        line("partial", Array(ScriptText.gaps(context).joined(separator: " ").utf8), to: &text)
    }

    private func append(_ facts: ScriptFacts, to text: inout [UInt8]) {
        if let application = facts.application {
            line("site", ScriptText.application(application), to: &text)
        }
        line("file", ScriptText.file(facts), "(read after the connect: it may have changed since)", to: &text)
    }

    private func append(_ process: Process, _ clock: WallClock, to text: inout [UInt8]) {
        let description = process.description
        var user = Array(process.user.utf8)
        if let uid = description.effectiveUID, uid != description.uid { user.append(", effective uid \(uid)") }
        line(
            "process", Array("\(description.pid) ".utf8) + process.program, description.isExeDeleted ? "(deleted)" : "",
            to: &text)
        line("user", user, to: &text)
        line("command", process.commandLine, to: &text)
        line("cwd", description.cwd, to: &text)
        if let execution = description.execution { append(execution, description, to: &text) }
        line("namespace", Self.namespaces(description), to: &text)
        if description.root != [UInt8(ascii: "/")] { line("root", description.root, to: &text) }
        line("parents", CSVReport.ancestry(description), to: &text)
        line("unit", Array((process.placement.unit ?? "").utf8), to: &text)
        line("container", Array((process.placement.container ?? "").utf8), to: &text)
        line("partial", Array(gapNames(description.gaps).joined(separator: " ").utf8), to: &text)
    }

    /// What has changed since the program was executed.
    private func append(
        _ execution: ProcessDescription.Execution, _ process: ProcessDescription, to text: inout [UInt8]
    ) {
        if execution.argv != process.argv {
            let arguments = Array(execution.arguments.joined(separator: [UInt8(ascii: " ")]))
            line("at exec", arguments, "(command)", to: &text)
        }
        if execution.cwd != process.cwd { line("at exec", execution.cwd, "(cwd)", to: &text) }
    }

    /// User namespaces that are not the initial one.
    private static func namespaces(_ process: ProcessDescription) -> [UInt8] {
        var pieces: [String] = []
        func isOther(_ namespace: UInt32) -> Bool {
            namespace != 0 && namespace != ProcessDescription.initialUserNamespace
        }
        if isOther(process.userNamespace) { pieces.append("user \(process.userNamespace)") }
        if isOther(process.exeMountOwner) {
            pieces.append("exe in mount \(process.exeMountNamespace) of user \(process.exeMountOwner)")
        }
        return Array(pieces.joined(separator: ", ").utf8)
    }

    /// A line with a title, unless it would be empty.
    private func line(_ title: String, _ bytes: [UInt8], _ note: String = "", to text: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        text.append("  \(title)" + String(repeating: " ", count: 10 - title.utf8.count))
        Escaping.append(bytes, to: &text, for: sink)
        if !note.isEmpty { text.append(" \(note)") }
        text.append(UInt8(ascii: "\n"))
    }
}
