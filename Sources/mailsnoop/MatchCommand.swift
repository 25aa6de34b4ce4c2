internal import ArgumentParser
internal import Complaints
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch

struct MatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match",
        abstract: "Says who it was that is complained of: give what was received, whole.",
        discussion: """
            Read are the Received lines or the whole header of a mail, abuse reports (ARF, XARF), a blocklist's text, a \
            bounce, or any text with a time and an address. Options are added to it, and come before what it says. \
            What is recorded is held against it, and the senders are ranked by what speaks for them. Times are in UTC.

            Exit status: 0 one fits, 1 none does, 64 wrong arguments, 65 the database is damaged or the complaint refused, 66 there is no \
            database or file, 74 it cannot be written, 77 not permitted.
            """)

    @Argument(help: ArgumentHelp("What was received; - is stdin.", valueName: "file"))
    var file: String?

    @Option(
        name: .long,
        help: ArgumentHelp("When it came: 2018-02-13T03:54:09+01:00, 'yesterday 03:54'.", valueName: "time"),
        transform: TimeText.argument)
    var time: TimeText?

    @Option(name: .long, help: ArgumentHelp("What the client called itself.", valueName: "name"))
    var ehlo: String?

    @Option(name: .long, help: ArgumentHelp("The envelope's sender.", valueName: "mailbox"))
    var from: String?

    @Option(name: .long, help: ArgumentHelp("The envelope's recipient, or one of them.", valueName: "mailbox"))
    var to: String?

    @Option(name: .long, help: ArgumentHelp("Who received it, an address or a name.", valueName: "host"))
    var dst: String?

    @Option(name: .long, help: ArgumentHelp("The port that it came from.", valueName: "port"))
    var srcPort: UInt16?

    @Option(
        name: .long,
        help: ArgumentHelp("How far clocks may differ, as 90s or 10m. (default: 5m)", valueName: "time"))
    var window: Span?

    @Option(name: .long, help: ArgumentHelp("At most so many senders.", valueName: "N"))
    var limit: Int = 5

    @Flag(name: .customLong("no-dns"), help: "Do not look up the receiver's addresses.")
    var noDNS = false

    @OptionGroup var place: DatabaseOption

    func validate() throws {
        let isEmpty = file == nil && ehlo == nil && from == nil && to == nil && dst == nil
        guard !isEmpty || time != nil || srcPort != nil else {
            throw ValidationError(
                "Give what was received: a file, or - to paste it and end with Ctrl-D. Or --time and what else is known."
            )
        }
        guard limit > 0 else { throw ValidationError("--limit takes a number from 1 on.") }
    }

    func run() throws {
        time?.sayZone(of: "--time")
        let complaint = try complaint()
        var report = MatchReport()
        report.append(complaint, ownAddresses: HostIdentity.current.addresses)
        do {
            let reader = try place.reader()
            let search = try ComplaintSearch(complaint, in: reader, destinations: noDNS ? [] : complaint.receivers)
            report.append(search, limit: limit)
            try report.write()
            if search.answers.isEmpty { throw ExitCode(1) }
        } catch let failure as Failure where failure.exitStatus == EX_NOINPUT {
            // The header is explained all the same.
            report.append(unrecorded: failure.description)
            try report.write()
            throw ExitCode(1)
        }
    }

    private func complaint() throws -> Complaint {
        var complaint = try file.map { try Complaint(path: $0) } ?? Complaint()
        func found(_ text: String) -> Found<[UInt8]> { Found(Array(text.utf8)) }
        if let time { complaint.times = [Found(Moment(time))] }
        if let ehlo { complaint.hello = found(ehlo) }
        if let from { complaint.sender = found(from) }
        if let to { complaint.recipient = found(to) }
        if let srcPort { complaint.sourcePort = Found(srcPort) }
        if let dst {
            let address = IPAddress(dst)
            complaint.destination = address.map { Found($0) }
            complaint.receivingHost = address == nil ? found(dst) : nil
        }
        if let window { complaint.setTolerance(window.nanoseconds) }
        return complaint
    }
}
