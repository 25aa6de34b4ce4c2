internal import MailWatch
internal import Reports

/// The columns of the pages, the most important first.
struct Columns {
    let scene: Scene
    let grouping: Grouping
    let sink: Sink

    /// By which the rows are sorted at first.
    static let firstSort = "LAST"

    var groups: [Column<Group>] {
        let now = scene.uptime
        var columns = [label]
        func number(_ title: StaticString, _ width: Int, _ value: @escaping (Group) -> Int) -> Column<Group> {
            Column(title: title, width: width, isNumber: true) {
                Array(String(value($0)).utf8)
            } isBefore: {
                value($0) > value($1)
            }
        }
        columns.append(number("CONNECTS", 9, \.connects))
        columns.append(
            Column(title: "VERDICT", width: 9) {
                Array($0.worst.rawValue.utf8)
            } isBefore: {
                $0.worst.urgency < $1.worst.urgency
            })
        columns.append(number("/MIN", 5) { $0.meter.total(until: now) })
        columns.append(
            Column(title: "DESTS", width: 6, isNumber: true) {
                let count = $0.destinations.count
                return Array((count < SenderRecord.destinationLimit ? "\(count)" : "\(count)+").utf8)
            } isBefore: {
                $0.destinations.count > $1.destinations.count
            })
        columns.append(
            Column(title: "LAST", width: 8) {
                clock($0.last.connectTime)
            } isBefore: {
                $0.last.connectTime > $1.last.connectTime
            })
        if grouping != .user {
            columns.append(text("USER", 10) { Array($0.last.process.user.utf8) })
        }
        columns.append(text("LAST EHLO", 12, isFlexible: true, \.hello))
        columns.append(number("RCPTS", 6) { Int(clamping: $0.recipients) })
        columns.append(number("FAILED", 7, \.failed))
        if grouping != .destination {
            columns.append(
                Column(title: "LAST DESTINATION", width: 24, isFlexible: true) { destination($0.last) })
        }
        if grouping != .script {
            columns.append(
                Column(
                    title: "LAST SCRIPT OR COMMAND", width: 24, isFlexible: true,
                    keepsEnd: { $0.last.script != nil }, text: { who($0.last) }))
        }
        return columns
    }

    var connections: [Column<Connection>] {
        [
            Column(title: "SCRIPT OR COMMAND", width: 16, keepsEnd: { $0.script != nil }, text: { who($0) }),
            Column(title: "TIME", width: 8) { clock($0.connectTime) },
            Column(title: "VERDICT", width: 9) { Array($0.judgement.verdict.rawValue.utf8) },
            Column(title: "STATE", width: 11) { Array($0.state.rawValue.utf8) },
            Column(title: "DESTINATION", width: 18, isFlexible: true) { destination($0) },
            Column(title: "PID", width: 7, isNumber: true) { Array(String($0.process.description.pid).utf8) },
            text("USER", 10) { Array($0.process.user.utf8) },
            text("EHLO", 12, isFlexible: true) { $0.dialogue?.helloName ?? [] },
            text("MAIL FROM", 20, isFlexible: true) { $0.dialogue?.sender.map(DialogueText.mailbox) ?? [] },
            text("RCPT TO", 20, isFlexible: true) { $0.dialogue?.recipient.map(DialogueText.mailbox) ?? [] },
        ]
    }

    /// What one group is told from another by.
    private var label: Column<Group> {
        let title = grouping.title
        let isScript = grouping == .script
        return Column(
            title: title, width: 22, keepsEnd: { !isScript || $0.last.script != nil }, text: { labelText($0) },
            isBefore: { labelText($0).lexicographicallyPrecedes(labelText($1)) })
    }

    /// Escaped.
    func labelText(_ group: Group) -> [UInt8] {
        switch grouping {
        case .script: return who(group.last)
        case .program: return escaped(group.last.process.program)
        case .user: return escaped(Array(group.last.process.user.utf8))
        case .pool:
            let pool = Grouping.pool(of: group.last)
            return pool.isEmpty ? Array("none".utf8) : escaped(pool)
        case .destination: return destination(group.last)
        }
    }

    /// The script, else the command line; escaped.
    func who(_ connection: Connection) -> [UInt8] {
        escaped(ScriptText.label(connection))
    }

    func destination(_ connection: Connection) -> [UInt8] {
        if connection.state == .handedOver { return Array("local mail server".utf8) }
        var text: [UInt8] = []
        if grouping == .destination {
            connection.destination.address.append(to: &text)
        } else {
            connection.destination.append(to: &text)
        }
        if let name = scene.name(connection.destination.address) {
            text.append(UInt8(ascii: " "))
            Escaping.append(name, to: &text, for: sink)
        }
        return text
    }

    func clock(_ time: UInt64) -> [UInt8] {
        var text: [UInt8] = []
        Timestamp.append(clockOf: scene.clock.wallTime(time), to: &text)
        return text
    }

    /// What a filter looks through: all that is told of a group or a connection, as it is shown.
    func haystack(_ group: Group) -> [[UInt8]] {
        [labelText(group), escaped(group.hello), Array(group.worst.rawValue.utf8)] + haystack(group.last)
    }

    func haystack(_ connection: Connection) -> [[UInt8]] {
        [
            who(connection), escaped(connection.process.commandLine), escaped(connection.process.program),
            escaped(Array(connection.process.user.utf8)), destination(connection),
            escaped(connection.dialogue?.helloName ?? []), escaped(connection.dialogue?.sender ?? []),
            escaped(connection.dialogue?.recipient ?? []), Array(connection.judgement.verdict.rawValue.utf8),
            escaped(Grouping.pool(of: connection)), Array(String(connection.process.description.pid).utf8),
        ]
    }

    private func text<Row>(
        _ title: StaticString, _ width: Int, isFlexible: Bool = false, _ value: @escaping (Row) -> [UInt8]
    ) -> Column<Row> {
        Column(title: title, width: width, isFlexible: isFlexible) {
            escaped(value($0))
        } isBefore: {
            value($0).lexicographicallyPrecedes(value($1))
        }
    }

    func escaped(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        Escaping.append(bytes, to: &text, for: sink)
        return text
    }
}
