internal import MailWatch
internal import Reports

/// All that is known of a group or a connection, in lines.
struct Detail {
    let columns: Columns

    private var scene: Scene { columns.scene }

    /// All of a group, then the latest of its connections.
    func lines(of key: GroupKey) -> [[UInt8]] {
        guard let group = scene.board.group(key, by: columns.grouping) else {
            return [Array("This sender did nothing for so long that it is no longer kept.".utf8)]
        }
        func line(_ title: String, _ text: [UInt8]) -> [UInt8] {
            Array("  \(title)".utf8) + [UInt8](repeating: 0x20, count: max(10 - title.utf8.count, 1)) + text
        }
        var lines = [columns.labelText(group)]
        let few = group.destinations.count < SenderRecord.destinationLimit ? "" : " or more"
        lines.append(
            line(
                "connects",
                Array(
                    "\(group.connects), \(group.meter.total(until: scene.uptime)) in the last minute, \(group.failed) failed, to \(group.destinations.count)\(few) addresses, for \(group.recipients) recipients"
                        .utf8)))
        lines.append(line("verdicts", Array(verdictText(group.verdicts).utf8)))
        let recent = scene.board.connections(of: key, by: columns.grouping).prefix(7)
        for (index, connection) in recent.enumerated() {
            let piece =
                columns.clock(connection.connectTime) + [0x20]
                + Array(connection.judgement.verdict.rawValue.utf8) + [0x20]
                + Array(connection.state.rawValue.utf8) + [0x20] + columns.destination(connection)
            lines.append(line(index == 0 ? "latest" : "", piece))
        }
        lines.append([])
        return lines + self.lines(of: group.last)
    }

    func lines(of connection: Connection) -> [[UInt8]] {
        var report = DetailReport(sink: columns.sink)
        var text: [UInt8] = []
        report.append(
            connection, name: scene.name(connection.destination.address) ?? [], clock: scene.clock, to: &text)
        return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast(2).map(Array.init)
    }
}
