internal import Glibc
internal import MailWatch

/// The parts of a date, as they are read word by word.
struct TimeFields {
    struct Zone {
        var name: String
        /// Seconds east of Greenwich.
        var offset: Int
        var isStated = true
    }

    /// The year 2262: later times do not fit into 63 bits of ns.
    static let end = 9_214_646_400

    private var year: Int?
    private var month: Int?
    private var day: Int?
    private var clock: (hour: Int, minute: Int, second: Int)?
    private var isAfternoon: Bool?
    private(set) var nanoseconds: UInt64 = 0
    private(set) var precision: UInt64 = 86_400_000_000_000
    private(set) var zone: Zone?

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    /// RFC 5322 section 4.3, and what servers in Europe and Japan write.
    private static let zones: [String: Int] = [
        "z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
        "pst": -8, "pdt": -7, "wet": 0, "west": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "eet": 2, "eest": 3,
        "msk": 3, "jst": 9,
    ]

    /// Takes a word in lower case; false where it does not belong here.
    mutating func take(_ word: String, now: UInt64, zone: TimeText.DefaultZone) -> Bool {
        if word == "today" || word == "yesterday" { return take(daysAgo: word == "today" ? 0 : 1, now: now, zone) }
        if word == "am" || word == "pm" {
            guard isAfternoon == nil, let clock, (1...12).contains(clock.hour) else { return false }
            isAfternoon = word == "pm"
            return true
        }
        let bytes = Array(word.utf8)
        guard bytes.first?.isDigit == true else {
            return takeMonth(word) || Self.name(word, in: Self.days) != nil || takeZone(word)
        }
        if bytes.contains(UInt8(ascii: ":")), !bytes.contains(UInt8(ascii: "-")) || clockEnd(bytes) < bytes.count {
            if let t = bytes.firstIndex(of: UInt8(ascii: "t")), t < clockEnd(bytes) || t == 10 {
                return takeDate(word.prefix(t)) && takeClock(word.dropFirst(t + 1))
            }
            return takeClock(word[...])
        }
        return takeDate(word[...]) || takeNumber(word)
    }

    /// Where a leading time of day ends; 0 where none leads.
    private func clockEnd(_ bytes: [UInt8]) -> Int {
        bytes.firstIndex { !$0.isDigit && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ".") } ?? bytes.count
    }

    private mutating func take(daysAgo: Int, now: UInt64, _ defaultZone: TimeText.DefaultZone) -> Bool {
        guard day == nil, year == nil, month == nil else { return false }
        var seconds = time_t(now / 1_000_000_000)
        var parts = unsafe tm()
        // Both fill the tm that they are given.
        if defaultZone == .local {
            unsafe localtime_r(&seconds, &parts)
        } else {
            unsafe gmtime_r(&seconds, &parts)
        }
        let date = unsafe Self.date(
            Self.days(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
                - daysAgo)
        (year, month, day) = (date.year, date.month, date.day)
        return true
    }

    private static func name(_ word: String, in names: [String]) -> Int? {
        // `Sept.` and `Tuesday` too.
        guard word.utf8.count >= 3, word.utf8.allSatisfy({ $0.isLetter || $0 == UInt8(ascii: ".") }) else { return nil }
        return names.firstIndex(of: String(word.prefix(3)))
    }

    private mutating func takeMonth(_ word: String) -> Bool {
        guard month == nil, let index = Self.name(word, in: Self.months) else { return false }
        month = index + 1
        return true
    }

    /// `2018-02-13`, `2018/02/13`, `13-Feb-2018`, `13/Feb/2018`.
    private mutating func takeDate(_ word: Substring) -> Bool {
        let parts = word.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "/" }
        guard parts.count == 3, day == nil, month == nil, year == nil else { return false }
        if Self.name(String(parts[1]), in: Self.months) != nil {
            return takeNumber(String(parts[0])) && takeMonth(String(parts[1])) && takeNumber(String(parts[2]))
        }
        guard parts[0].utf8.count == 4, parts[1].utf8.count <= 2, parts[2].utf8.count <= 2,
            let values = Self.numbers(parts)
        else { return false }
        (year, month, day) = (values[0], values[1], values[2])
        return true
    }

    /// A day, then a year; short years as RFC 5322 section 4.3 has them.
    private mutating func takeNumber(_ word: String) -> Bool {
        guard word.utf8.count <= 4, let value = Self.numbers([word[...]])?.first else { return false }
        if day == nil, word.utf8.count <= 2 {
            day = value
        } else if year == nil, word.utf8.count >= 2 {
            year = value + (word.utf8.count == 4 ? 0 : word.utf8.count == 2 && value < 50 ? 2000 : 1900)
        } else {
            return false
        }
        return true
    }

    /// `03:54`, `03:54:09`, `03:54:09.123`, with a zone right behind.
    private mutating func takeClock(_ word: Substring) -> Bool {
        let text = word.prefix { $0.isASCII && ($0.isNumber || $0 == ":" || $0 == ".") }
        let suffix = word.dropFirst(text.count)
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard clock == nil, (2...3).contains(parts.count), let values = Self.numbers(parts.prefix(2)),
            parts.prefix(2).allSatisfy({ $0.utf8.count <= 2 })
        else { return false }
        var second = 0
        precision = 60_000_000_000
        if parts.count == 3 {
            guard let (seconds, fraction) = Self.decimal(parts[2]) else { return false }
            second = seconds
            nanoseconds = fraction
            precision = 1_000_000_000
        }
        guard values[0] < 24, values[1] < 60, second <= 60 else { return false }
        clock = (values[0], values[1], second)
        guard !suffix.isEmpty else { return true }
        return suffix == "am" || suffix == "pm"
            ? take(String(suffix), now: 0, zone: .utc) : takeZone(String(suffix))
    }

    /// `+0100`, `+01:00`, `+01`, or a name. A military letter tells nothing (RFC 5322 section 4.3), as -0000 does.
    mutating func takeZone(_ word: String) -> Bool {
        guard zone == nil else { return false }
        if let hours = Self.zones[word] {
            zone = Zone(name: word == "z" || word == "ut" ? "UTC" : word.uppercased(), offset: hours * 3600)
            return true
        }
        let bytes = Array(word.utf8)
        if bytes.count == 1, bytes[0].isLetter, bytes[0] != UInt8(ascii: "j") {
            zone = Zone(name: "UTC", offset: 0, isStated: false)
            return true
        }
        let digits = bytes.dropFirst().filter { $0 != UInt8(ascii: ":") }
        guard bytes.first == UInt8(ascii: "+") || bytes.first == UInt8(ascii: "-"),
            digits.count == 2 || digits.count == 4,
            bytes.count <= 6, let value = Int(String(decoding: digits, as: UTF8.self)), digits.allSatisfy(\.isDigit)
        else { return false }
        let minutes = digits.count == 2 ? value * 60 : value / 100 * 60 + value % 100
        guard minutes <= 24 * 60, digits.count == 2 || value % 100 < 60 else { return false }
        let offset = (bytes[0] == UInt8(ascii: "-") ? -60 : 60) * minutes
        zone = Zone(
            name: Self.zoneName(offset), offset: offset, isStated: minutes != 0 || bytes[0] == UInt8(ascii: "+"))
        return true
    }

    /// Seconds since the epoch, and the zone for people.
    func resolve(_ text: String, _ defaultZone: TimeText.DefaultZone) throws(TimeTextError) -> (Int, String) {
        guard let year, let month, let day else {
            throw TimeTextError(text, clock == nil ? "it has no date" : "it has no date, or not all of one")
        }
        guard (1970...2261).contains(year) else { throw TimeTextError(text, "the year \(year) is out of reach") }
        let days = Self.days(year: year, month: month, day: day)
        guard (1...12).contains(month), Self.date(days) == (year, month, day) else {
            throw TimeTextError(text, "there is no such day")
        }
        var (hour, minute, second) = clock ?? (0, 0, 0)
        if let isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
        let seconds = days * 86400 + hour * 3600 + minute * 60 + second
        if let zone {
            guard seconds - zone.offset >= 0 else { throw TimeTextError(text, "it lies before 1970") }
            return (seconds - zone.offset, zone.name)
        }
        if defaultZone == .utc { return (seconds, "UTC, as no zone is stated") }
        return try Self.local(seconds, text)
    }

    /// - Parameter wall: seconds since the epoch, as if the local clock showed UTC.
    private static func local(_ wall: Int, _ text: String) throws(TimeTextError) -> (Int, String) {
        var found: [(seconds: Int, zone: String)] = []
        for isDST: Int32 in [-1, 0, 1] {
            var seconds = time_t(wall)
            var parts = unsafe tm()
            // All three fill the tm that they are given; the zone's name lives as long as the process.
            unsafe gmtime_r(&seconds, &parts)
            unsafe parts.tm_isdst = isDST
            seconds = unsafe mktime(&parts)
            unsafe localtime_r(&seconds, &parts)
            let offset = unsafe parts.tm_gmtoff
            guard seconds >= 0, seconds + offset == wall, !found.contains(where: { $0.seconds == seconds }) else {
                continue
            }
            let name = unsafe String(cString: parts.tm_zone)
            found.append((seconds, "\(name) (\(zoneName(offset))), the local zone"))
        }
        found.sort { $0.seconds < $1.seconds }
        guard let first = found.first else {
            throw TimeTextError(text, "the local clock was put forward and never showed it")
        }
        return (first.seconds, first.zone + (found.count > 1 ? "; the clock showed it twice, the first is meant" : ""))
    }

    private static func zoneName(_ offset: Int) -> String {
        if offset == 0 { return "UTC" }
        var text: [UInt8] = [UInt8(ascii: offset < 0 ? "-" : "+")]
        text.append(decimal: UInt64(abs(offset) / 3600), width: 2)
        text.append(UInt8(ascii: ":"))
        text.append(decimal: UInt64(abs(offset) / 60 % 60), width: 2)
        return String(decoding: text, as: UTF8.self)
    }

    private static func numbers(_ words: some Collection<Substring>) -> [Int]? {
        let values = words.compactMap { word in
            word.utf8.count <= 10 && word.utf8.allSatisfy(\.isDigit) ? Int(word) : nil
        }
        return values.count == words.count ? values : nil
    }

    /// Digits, and a fraction as ns; what is smaller is cut.
    static func decimal(_ text: Substring) -> (seconds: Int, nanoseconds: UInt64)? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = numbers(parts.prefix(1))?.first else { return nil }
        guard parts.count == 2 else { return (seconds, 0) }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy(\.isDigit) else { return nil }
        let digits = parts[1].prefix(9)
        return (seconds, (UInt64(digits) ?? 0) * (0..<(9 - digits.count)).reduce(1) { power, _ in power * 10 })
    }

    /// Days since the epoch; Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", for years from 1 on.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let yearOfEra = year % 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return year / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let days = days + 719_468
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = yearOfEra + days / 146_097 * 400
        return (
            month < 10 ? year : year + 1, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}
