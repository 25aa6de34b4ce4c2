internal import MailWatch
internal import Reports

/// The table of groups as CSV. The columns are an interface: new ones come at the end.
enum GroupTable {
    private static let columns =
        ["last_time", "grouping", "connects", "last_minute", "failed", "destinations", "recipients"]
        + Verdict.allCases.map { $0.rawValue.split(separator: "-").joined(separator: "_") } + [
            "user", "uid", "exe", "script", "pool", "last_command_line", "last_destination", "last_destination_name",
            "last_port", "last_state", "last_ehlo",
        ]

    static func csv(_ groups: [Group], scene: Scene, grouping: Grouping) -> [UInt8] {
        var text = Array((columns.joined(separator: ",") + "\r\n").utf8)
        for group in groups {
            let last = group.last
            Timestamp.append(scene.clock.wallTime(last.connectTime), to: &text)
            CSVReport.field("\(grouping.name)", to: &text)
            let numbers = [
                group.connects, group.meter.total(until: scene.uptime), group.failed, group.destinations.count,
                Int(clamping: group.recipients),
            ]
            for number in numbers { CSVReport.field(number: UInt64(number), to: &text) }
            for verdict in Verdict.allCases {
                CSVReport.field(number: UInt64(group.verdicts[verdict] ?? 0), to: &text)
            }
            CSVReport.field(last.process.user, to: &text)
            CSVReport.field(number: last.process.description.uid, to: &text)
            CSVReport.field(last.process.program, to: &text)
            CSVReport.field(last.script?.path ?? [], to: &text)
            CSVReport.field(Grouping.pool(of: last), to: &text)
            CSVReport.field(last.process.commandLine, to: &text)
            var address: [UInt8] = []
            if last.state != .handedOver { last.destination.address.append(to: &address) }
            CSVReport.field(address, to: &text)
            CSVReport.field(scene.name(last.destination.address) ?? [], to: &text)
            CSVReport.field(number: last.destination.port, to: &text)
            CSVReport.field(last.state.rawValue, to: &text)
            CSVReport.field(group.hello, to: &text)
            text.append("\r\n" as StaticString)
        }
        return text
    }
}
