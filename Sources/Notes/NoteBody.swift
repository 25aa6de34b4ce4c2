internal import Complaints
internal import Glibc
internal import History
internal import MailWatch
internal import Reports

extension IncidentNote {
    /// CommonMark with GitHub's tables.
    public var markdown: [UInt8] { written(MarkdownFormat()) }

    /// A page that needs nothing else.
    public var html: [UInt8] { written(HTMLFormat()) }

    private func written(_ format: some NoteFormat) -> [UInt8] {
        var body = NoteBody(note: self, format: format)
        body.write()
        return body.format.text
    }
}

/// What a note says, whatever it is written in.
struct NoteBody<Format: NoteFormat> {
    private static var sectionLimit: Int { 10 }
    private static var tableLimit: Int { 50 }

    let note: IncidentNote
    private(set) var format: Format

    init(note: IncidentNote, format: Format) {
        self.note = note
        self.format = format
    }

    mutating func write() {
        format.begin(title: [.own("Outbound mail of "), .foreign(Array(note.host.utf8)), .own(", \(span)")])
        summary()
        if let answer = note.answer { complaint(answer) }
        if note.connects > 0 {
            if let picture = TimelinePicture(note) {
                format.heading([.own("When")], level: 2)
                format.picture(picture)
            }
            senders()
            for id in note.order.prefix(Self.sectionLimit) { if let sender = note.senders[id] { section(sender, id) } }
            connections()
        }
        NextSteps(note: note).write(to: &format)
        format.paragraph([
            .own("Written \(Timestamp.seconds(note.time)) by mailsnoop \(note.version). All times are in UTC.")
        ])
        format.end()
    }

    private var span: String {
        let first = note.span.lowerBound > 0 ? note.span.lowerBound : note.firstTime ?? 0
        let last = note.span.upperBound < UInt64(Int64.max) ? note.span.upperBound : note.lastTime ?? first
        return "\(Timestamp.seconds(first)) to \(Timestamp.seconds(last))"
    }

    private mutating func summary() {
        var sentences: [Span] = []
        if note.connects == 0 {
            sentences.append(.own("No outbound mail connection is recorded in this time. "))
        } else {
            let count = note.senders.count
            sentences.append(
                .own(
                    "\(note.connects) outbound mail connection\(note.connects == 1 ? "" : "s") of \(count) sender\(count == 1 ? "" : "s"): \(verdictText(note.verdicts)). "
                ))
        }
        if let best = note.answer?.ranking.first, let sender = note.senders[best.sender]?.sender {
            sentences += [.own(best.best.standing == .evidence ? "The complaint fits " : "Only the time fits: ")]
            sentences += sender.spans + [.own(" (score \(best.best.score)). ")]
        } else if note.answer != nil {
            sentences.append(.own("None of them fits the complaint. "))
        } else if let id = note.order.first, let sender = note.senders[id], sender.isAlarm {
            sentences += [.own("The alarm is ")] + sender.sender.spans + [.own(". ")]
        }
        format.paragraph(sentences + [.own(recording)])
    }

    private var recording: String {
        var text = ""
        if note.coverage.runs.isEmpty {
            text = "No recorder ran in this time."
        } else if note.coverage.gaps.isEmpty {
            text = "A recorder ran all the time."
        } else {
            let gaps = note.coverage.gaps.prefix(5).map {
                "from \(Timestamp.seconds($0.lowerBound)) to \(Timestamp.seconds(min($0.upperBound, note.time)))"
            }
            text = "No recorder ran \(gaps.joined(separator: ", ")): what happened then is not known."
        }
        let lost = note.coverage.runs.reduce(0) { $0 + $1.lost + $1.unstored }
        if lost > 0 { text += " \(lost) events or connections of those runs are missing." }
        return text
    }

    private mutating func complaint(_ answer: IncidentNote.Answer) {
        format.heading([.own("What was complained of")], level: 2)
        format.list(answer.complaint.explanation.map { [.foreign($0)] })
        for ranked in answer.ranking.prefix(3) {
            guard let recorded = answer.best[ranked.sender] else { continue }
            format.heading(
                [.own("Score \(ranked.best.score): ")] + HistorySender(recorded.connection).spans, level: 3)
            format.paragraph(Self.line(recorded))
            format.list(ranked.best.evidence.map { [.foreign($0.sentence), .own(" (\($0.code.rawValue))")] })
        }
    }

    private mutating func senders() {
        format.heading([.own("Who was sending")], level: 2)
        let order = note.order
        format.table(
            ["Connects", "Failed", "Hosts", "Accepted", "First", "Last", "User", "Verdict", "Script or program"],
            order.prefix(Self.tableLimit).compactMap { note.senders[$0] }.map { sender in
                let isMany = sender.destinations.count >= SenderRecord.destinationLimit
                return [
                    [.own("\(sender.connects)")], [.own("\(sender.failed)")],
                    [.own("\(sender.destinations.count)\(isMany ? "+" : "")")], [.own("\(sender.accepted)")],
                    [.own(Timestamp.seconds(sender.firstTime))], [.own(Timestamp.seconds(sender.lastTime))],
                    [.foreign(Array(sender.sender.user.utf8))], [.own(verdictText(sender.verdicts))],
                    [.foreign(sender.sender.path)],
                ]
            })
        let rest = order.count - Self.tableLimit
        if rest > 0 || note.others > 0 {
            format.paragraph([.own("And \(max(rest, 0)) other senders, and \(note.others) connections beyond these.")])
        }
    }

    private mutating func section(_ sender: NoteSender, _ id: Int64) {
        format.heading(sender.sender.spans, level: 3)
        let connection = sender.sample.connection
        var facts: [[Span]] = []
        if let script = connection.script {
            if let file = script.facts {
                var line: [Span] = [.own("Script file: ")]
                line += [
                    .foreign(ScriptText.file(file)), .own(" (read after the connect: it may have changed since)."),
                ]
                facts.append(line)
                if let application = file.application {
                    facts.append([.own("Web application: "), .foreign(ScriptText.application(application))])
                }
            }
            if let context = script.context {
                facts.append([.own("Called: "), .foreign(ScriptText.stack(context))])
                if !context.pool.isEmpty { facts.append([.own("PHP pool: "), .foreign(context.pool)]) }
            }
        }
        facts.append([
            .own("Process \(connection.process.description.pid), the latest: "),
            .foreign(connection.process.commandLine),
        ])
        if let unit = connection.process.placement.unit {
            facts.append([.own("Unit: "), .foreign(Array(unit.utf8))])
        }
        facts += connection.judgement.reasons.map {
            [
                .strong(connection.judgement.verdict.rawValue), .own(": "), .foreign($0.sentence),
                .own(" (\($0.code.rawValue))"),
            ]
        }
        for (name, tally, limit) in [
            ("Requests", sender.requests, 5), ("Clients that asked for it", sender.clients, 20),
            ("EHLO", sender.hellos, 5), ("MAIL FROM", sender.mailboxes, 5),
        ] where !tally.isEmpty { facts.append(Self.line(name, tally, limit)) }
        format.list(facts)
    }

    private mutating func connections() {
        format.heading([.own("Connections")], level: 2)
        format.table(
            ["Time", "Source", "Destination", "State", "Verdict", "EHLO", "MAIL FROM", "Pid"],
            note.rows.map { recorded in
                let connection = recorded.connection
                var destination: [Span] = [.own("\(connection.destination)")]
                if connection.state == .handedOver { destination = [.own("the local mail server")] }
                if !recorded.name.isEmpty { destination += [.own(" "), .foreign(recorded.name)] }
                return [
                    [.own(Timestamp.seconds(recorded.time))],
                    [.own(connection.source.port == 0 ? "" : "\(connection.source)")], destination,
                    [.own(connection.state.rawValue)], [.own(connection.judgement.verdict.rawValue)],
                    [.foreign(connection.dialogue?.helloName ?? [])],
                    [.foreign(connection.dialogue?.sender.map(DialogueText.mailbox) ?? [])],
                    [.own("\(connection.process.description.pid)")],
                ]
            })
        let rest = note.rowCount - note.rows.count
        if rest > 0 { format.paragraph([.own("And \(rest) more: the export below has all.")]) }
    }

    private static func line(_ recorded: Recorded) -> [Span] {
        let connection = recorded.connection
        var spans: [Span] = [.own("\(Timestamp.seconds(recorded.time)), \(connection.state.rawValue): ")]
        if connection.source.port != 0 { spans.append(.own("\(connection.source) to ")) }
        spans.append(.own("\(connection.destination)"))
        if !recorded.name.isEmpty { spans += [.own(" "), .foreign(recorded.name)] }
        return spans
    }

    private static func line(_ name: String, _ tally: Tally, _ limit: Int) -> [Span] {
        let (top, rest) = tally.top(limit)
        var spans: [Span] = [.own("\(name): ")]
        for (index, (text, count)) in top.enumerated() {
            spans += [.own(index == 0 ? "" : ", "), .foreign(text), .own(" (\(count))")]
        }
        if rest > 0 || tally.others > 0 { spans.append(.own(", and \(rest)\(tally.others > 0 ? "+" : "") others")) }
        return spans
    }
}

extension HistorySender {
    /// The script, or the program where there is none.
    var path: [UInt8] { script.isEmpty ? program : script }

    /// `www-data /srv/spam.php`
    var spans: [Span] { [.foreign(Array(user.utf8)), .own(" "), .foreign(path)] }
}
