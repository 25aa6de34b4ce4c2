internal import ArgumentParser
internal import Glibc
internal import History
internal import MailWatch
internal import Reports

struct SendersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "senders",
        abstract: "Says who has sent, how often and where to, those with the most connects first. Times are in UTC.",
        discussion:
            "Exit status: 0 done, 64 wrong arguments, 65 the database is damaged, 66 there is none, 74 it cannot be written, 77 not permitted."
    )

    @OptionGroup var options: HistoryOptions

    @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "N"))
    var limit: Int = 100

    func run() throws {
        options.sayZones()
        let senders: [HistorySenderRecord]
        do {
            senders = try options.place.reader().senders(in: options.times, filter: options.filter)
        } catch let error as HistoryError {
            throw Failure.history(error)
        }
        var pipe = Pipeline()
        try pipe.add {
            $0 += Array(
                "CONNECTS  FAILED  DESTS    SENT  FIRST                 LAST                  USER        VERDICT, SCRIPT OR PROGRAM\n"
                    .utf8)
        }
        for sender in senders.prefix(max(limit, 0)) { try pipe.add { Self.append(sender, to: &$0) } }
        if senders.count > limit {
            try pipe.add { $0 += Array("and \(senders.count - max(limit, 0)) other senders\n".utf8) }
        }
        do { try pipe.flush() } catch is Pipeline.NobodyReads {}
    }

    private static func append(_ record: HistorySenderRecord, to text: inout [UInt8]) {
        let sender = record.sender
        let isMany = record.destinations.count >= SenderRecord.destinationLimit
        text += pad("\(record.connects)", 8) + pad("\(record.failed)", 8)
        text += pad("\(record.destinations.count)\(isMany ? "+" : "")", 7) + pad("\(record.accepted)", 8)
        text += Array("  \(Timestamp.seconds(record.firstTime))  \(Timestamp.seconds(record.lastTime))  ".utf8)
        var user: [UInt8] = []
        Escaping.append(sender.user, to: &user, for: Terminal.sink)
        text += user + repeatElement(UInt8(ascii: " "), count: max(12 - user.count, 1))
        text += Array("\(verdictText(record.verdicts)), ".utf8)
        Escaping.append(sender.script.isEmpty ? sender.program : sender.script, to: &text, for: Terminal.sink)
        text.append(UInt8(ascii: "\n"))
    }

    private static func pad(_ text: String, _ width: Int) -> [UInt8] {
        repeatElement(UInt8(ascii: " "), count: max(width - text.utf8.count, 0)) + Array(text.utf8)
    }
}
