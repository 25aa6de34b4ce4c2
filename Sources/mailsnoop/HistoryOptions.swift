internal import ArgumentParser
internal import Complaints
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch
internal import Reports

/// Where the history is.
struct DatabaseOption: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The database.", valueName: "file"))
    var database = HistoryFile.standardPath

    func reader() throws -> HistoryReader {
        do { return try HistoryReader(database) } catch { throw Failure.history(error) }
    }
}

/// Which connections of the history.
struct HistoryOptions: ParsableArguments {
    @OptionGroup var place: DatabaseOption

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Connects from this time on: 2018-02-13T03:54:09+01:00, 'yesterday 03:00', '2h ago'.", valueName: "time"),
        transform: TimeText.argument)
    var since: TimeText?

    @Option(
        name: .long, help: ArgumentHelp("Connects before this time.", valueName: "time"), transform: TimeText.argument)
    var until: TimeText?

    @Option(name: .long, help: ArgumentHelp("Only this user, name or number. May be repeated.", valueName: "user"))
    var user: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only scripts, or programs without one, whose path matches this pattern. May be repeated.",
            valueName: "pattern"))
    var script: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Only to this address, or network as 192.0.2.0/24. May be repeated.", valueName: "address"),
        transform: { text in
            guard let network = Network(text) else {
                throw ValidationError("'\(Escaping.text(text))' is no address, and no network as 192.0.2.0/24.")
            }
            return network
        })
    var dst: [Network] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Only connections with this verdict: \(Verdict.names). May be repeated.", valueName: "name"),
        transform: Verdict.named)
    var verdict: [Verdict] = []

    func validate() throws {
        if let since, let until, since.time > until.time { throw ValidationError("--since is later than --until.") }
        for user in user where UserNames.uid(user) == nil {
            throw ValidationError(
                "There is no user '\(Escaping.text(user))' here. Give a name of getent passwd, or a number.")
        }
    }

    var times: Range<UInt64> { (since?.time ?? 0)..<(until?.time ?? UInt64(Int64.max)) }

    /// Says how a time without a zone was read.
    func sayZones() {
        since?.sayZone(of: "--since")
        until?.sayZone(of: "--until")
    }

    var filter: HistoryFilter {
        var filter = HistoryFilter()
        filter.users = user.compactMap { UserNames.uid($0) }
        filter.scripts = script
        filter.destinations = dst
        filter.verdicts = verdict
        return filter
    }
}

extension TimeText {
    /// Of an argument.
    static func argument(_ text: String) throws -> TimeText {
        do { return try TimeText(text, now: WallClock().wallTime(WallClock.uptime)) } catch {
            throw ValidationError(Escaping.text(error.description) + ".")
        }
    }

    func sayZone(of option: String) {
        guard !isZoneStated else { return }
        Failure.say("\(option) is taken as \(Timestamp.seconds(time)): \(zone)")
    }
}

/// `30d`
struct Span: ExpressibleByArgument, Equatable {
    var nanoseconds: UInt64

    init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    init?(argument: String) {
        let units: [Character: UInt64] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = UInt64(argument.dropLast()),
            number > 0, number <= 36_500 * 86_400 / unit
        else { return nil }
        nanoseconds = number * unit * 1_000_000_000
    }

    var defaultValueDescription: String { "\(nanoseconds / 86_400_000_000_000)d" }
}

/// `1G`
struct Size: ExpressibleByArgument, Equatable {
    var bytes: UInt64

    init(bytes: UInt64) { self.bytes = bytes }

    init?(argument: String) {
        let shift: UInt64 = ["K": 10, "M": 20, "G": 30][argument.last] ?? 0
        guard let number = UInt64(shift == 0 ? argument[...] : argument.dropLast()), number > 0,
            number <= UInt64(1) << (62 - shift)
        else { return nil }
        bytes = number << shift
    }

    var defaultValueDescription: String { "\(bytes >> 30)G" }
}

extension Failure {
    /// - Parameter hint: what can be done about a damaged one.
    static func history(_ error: HistoryError, hint: String = "") -> Failure {
        let status =
            switch error.cause {
            case .locked: EX_TEMPFAIL
            case .notPermitted: EX_NOPERM
            case .notWritable, .full: EX_CANTCREAT
            case .corrupt, .newer: EX_DATAERR
            case .missing: EX_NOINPUT
            case .other: EX_IOERR
            }
        return Failure(
            description: "\(error.description).\(error.cause == .corrupt ? hint : "")", exitStatus: status)
    }
}
