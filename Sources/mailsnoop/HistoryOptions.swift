internal import ArgumentParser
internal import Glibc
internal import History
internal import HostFacts
internal import MailWatch

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
        name: .long, help: ArgumentHelp("Connects from this time on, as 2018-02-13T03:54:09+01:00.", valueName: "time"),
        transform: Moment.parse)
    var since: UInt64 = 0

    @Option(name: .long, help: ArgumentHelp("Connects before this time.", valueName: "time"), transform: Moment.parse)
    var until: UInt64 = UInt64(Int64.max)

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
        guard since <= until else { throw ValidationError("--since is later than --until.") }
        for user in user where UserNames.uid(user) == nil {
            throw ValidationError(
                "There is no user '\(Escaping.text(user))' here. Give a name of getent passwd, or a number.")
        }
    }

    var times: Range<UInt64> { since..<until }

    var filter: HistoryFilter {
        var filter = HistoryFilter()
        filter.users = user.compactMap { UserNames.uid($0) }
        filter.scripts = script
        filter.destinations = dst
        filter.verdicts = verdict
        return filter
    }
}

/// A time as an argument: RFC 3339, to the second.
enum Moment {
    /// ns since the epoch.
    static func parse(_ text: String) throws -> UInt64 {
        let bytes = Array(text.utf8)
        let zone = bytes.suffix(6).first.flatMap { $0 == UInt8(ascii: "+") ? 1 : $0 == UInt8(ascii: "-") ? -1 : nil }
        let numbers = text.split(whereSeparator: { !$0.isASCII || !$0.isNumber }).compactMap { Int($0) }
        let shape = String(text.map { $0.isASCII && $0.isNumber ? "0" : $0 })
        guard shape.hasPrefix("0000-00-00T00:00:00"),
            bytes.count == (zone == nil ? 20 : 25), zone == nil ? shape.hasSuffix("Z") : shape.hasSuffix("00:00")
        else {
            throw ValidationError("'\(Escaping.text(text))' is no time. Give one as 2018-02-13T03:54:09+01:00.")
        }
        var parts = unsafe tm()
        unsafe parts.tm_year = Int32(numbers[0] - 1900)
        unsafe parts.tm_mon = Int32(numbers[1] - 1)
        unsafe parts.tm_mday = Int32(numbers[2])
        unsafe parts.tm_hour = Int32(numbers[3])
        unsafe parts.tm_min = Int32(numbers[4])
        unsafe parts.tm_sec = Int32(numbers[5])
        let offset = zone.map { $0 * (numbers[6] * 3600 + numbers[7] * 60) } ?? 0
        // timegm reads the parts that are given.
        return UInt64(clamping: unsafe timegm(&parts) - offset) * 1_000_000_000
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
            case .readOnly, .full: EX_CANTCREAT
            case .corrupt, .newer: EX_DATAERR
            case .missing: EX_NOINPUT
            case .other: EX_IOERR
            }
        return Failure(
            description: "\(error.description).\(error.cause == .corrupt ? hint : "")", exitStatus: status)
    }
}
