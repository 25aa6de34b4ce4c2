internal import Complaints
internal import Glibc
internal import History
internal import MailWatch
internal import Reports

/// A complaint and its answer, for people.
struct MatchReport {
    private let sink = isatty(STDOUT_FILENO) == 1 ? Terminal.sink : Sink.text
    private var text: [UInt8] = []
    private var detail: DetailReport

    init() { detail = DetailReport(sink: sink) }

    mutating func append(_ complaint: Complaint, ownAddresses: Set<IPAddress>) {
        title("What was received")
        for sentence in complaint.explanation { item(sentence) }
        if let source = complaint.source?.value, !ownAddresses.contains(source) {
            item(
                "\(source) is no address of this host now. Unless this host is behind address translation, or had it then, another one sent it."
            )
        }
        for moment in complaint.times.prefix(4).map(\.value) {
            fact("time", Array("\(Timestamp.seconds(moment.time)), give or take \(spanText(moment.tolerance))".utf8))
        }
        fact("from", complaint.source.map { Array("\($0.value)".utf8) })
        fact("source port", complaint.sourcePort.map { Array("\($0.value)".utf8) })
        fact("EHLO", complaint.hello?.value)
        fact("sender", complaint.sender.map { DialogueText.mailbox($0.value) })
        fact("recipient", complaint.recipient.map { DialogueText.mailbox($0.value) })
        fact("received by", complaint.receivingHost?.value)
        fact("at", complaint.destination.map { Array("\($0.value)".utf8) })
        text.append(UInt8(ascii: "\n"))
    }

    mutating func append(_ search: ComplaintSearch, limit: Int) {
        append(search.coverage, hasTime: !search.complaint.times.isEmpty)
        let answers = search.answers
        if answers.isEmpty {
            title("Nothing that is recorded fits")
        } else {
            title(answers[0].best.standing == .evidence ? "Who it was" : "Who it can have been: only the time fits")
        }
        for (index, sender) in answers.prefix(limit).enumerated() { append(sender, search, rank: index + 1) }
        if answers.count > limit { item("and \(answers.count - limit) others: --limit shows more") }
        if search.ranking.isEmpty { append(neighbours: search.neighbours, limit: limit) }
        let others = search.ranking.dropFirst(answers.count)
        if !others.isEmpty {
            title("What else was sending then, but differs")
            for sender in others.prefix(limit) { append(sender, search, rank: nil) }
            if others.count > limit { item("and \(others.count - limit) others") }
        }
    }

    private mutating func append(neighbours: [HistorySenderRecord], limit: Int) {
        guard !neighbours.isEmpty else {
            return item("Nobody was sending at that time, nor within half a day of it, as far as it was recorded.")
        }
        item("Nobody was sending at that time, as far as it was recorded. Within half a day of it were:")
        for record in neighbours.prefix(limit) {
            let sender = record.sender
            let count = record.connects == 1 ? "1 connection" : "\(record.connects) connections"
            var line = Array("\(sender.user)  ".utf8) + (sender.script.isEmpty ? sender.program : sender.script)
            line += Array(
                "  \(count) from \(Timestamp.seconds(record.firstTime)) to \(Timestamp.seconds(record.lastTime))".utf8)
            item(line, "", indent: 4)
        }
        if neighbours.count > limit { item("and \(neighbours.count - limit) others", indent: 4) }
    }

    mutating func append(unrecorded reason: String) {
        title("Nothing is recorded")
        item("\(reason) Once it does, the next complaint has an answer.")
    }

    func write() throws {
        var pipe = Pipeline()
        do {
            try pipe.write(text)
            try pipe.flush()
        } catch is Pipeline.NobodyReads {}
    }

    private mutating func append(_ coverage: Coverage, hasTime: Bool) {
        title("Was it recorded")
        defer { text.append(UInt8(ascii: "\n")) }
        guard hasTime else { return item("It says no time: all that is recorded was searched.") }
        if coverage.gaps.isEmpty {
            item("A recorder ran all that time.")
        } else if coverage.runs.isEmpty {
            item("No recorder ran at that time.")
            if let run = coverage.before {
                let end = run.hasEnded ? "ended" : "was cut off after"
                item("The last one before \(end) \(Timestamp.seconds(run.latest)).")
            }
            if let run = coverage.after { item("The next one was started \(Timestamp.seconds(run.start)).") }
        } else {
            for gap in coverage.gaps.prefix(5) {
                item(
                    "No recorder ran from \(Timestamp.seconds(gap.lowerBound)) to \(Timestamp.seconds(gap.upperBound))."
                )
            }
        }
        let lost = coverage.runs.reduce(0) { $0 + $1.lost + $1.unstored }
        if lost > 0 { item("In all, \(lost) events or connections are missing of what it saw.") }
    }

    private mutating func append(_ ranked: RankedSender, _ search: ComplaintSearch, rank: Int?) {
        guard let recorded = search.best[ranked.sender] else { return }
        let sender = HistorySender(recorded.connection)
        text.append(contentsOf: (rank.map { "\($0). " } ?? "-  ").utf8)
        Escaping.append(sender.user, to: &text, for: sink)
        text.append(contentsOf: "  ".utf8)
        Escaping.append(sender.script.isEmpty ? sender.program : sender.script, to: &text, for: sink)
        let count = ranked.connections
        text.append(contentsOf: "\n   score \(ranked.best.score), \(count) connection\(count == 1 ? "" : "s")".utf8)
        text.append(contentsOf: count == 1 ? ":\n".utf8 : " at that time, of which this fits best:\n".utf8)
        for evidence in ranked.best.evidence { item(evidence.sentence, "[\(evidence.code.rawValue)]", indent: 3) }
        // The whole of it for the first, and a line for the others.
        var paragraph: [UInt8] = []
        detail.append(recorded.connection, name: recorded.name, clock: recorded.clock, to: &paragraph)
        let lines = paragraph.split(separator: UInt8(ascii: "\n"))
        for line in rank == 1 ? lines[...] : lines.prefix(1) {
            text += Array("   ".utf8) + line + [UInt8(ascii: "\n")]
        }
        text.append(UInt8(ascii: "\n"))
    }

    private mutating func title(_ words: String) { text += Array("\(words)\n".utf8) }

    private mutating func item(_ sentence: String, indent: Int = 2) { item(Array(sentence.utf8), indent: indent) }

    private mutating func item(_ sentence: [UInt8], _ note: String = "", indent: Int = 2) {
        text += repeatElement(UInt8(ascii: " "), count: indent)
        Escaping.append(sentence, to: &text, for: sink)
        text += Array((note.isEmpty ? "\n" : " \(note)\n").utf8)
    }

    private mutating func fact(_ name: String, _ value: [UInt8]?) {
        guard let value else { return }
        text += Array("  \(name)\(String(repeating: " ", count: max(12 - name.utf8.count, 1)))".utf8)
        Escaping.append(value, to: &text, for: sink)
        text.append(UInt8(ascii: "\n"))
    }
}
