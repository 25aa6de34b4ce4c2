/// A point in time as people, mails and reports write it.
///
/// Read are RFC 3339, RFC 5322 with its obsolete forms, asctime(3), `2018-02-13 03:54[:09]`, a date alone, `@` and seconds
/// since the epoch, `now`, `2h ago`, and `today` or `yesterday` with a time of day. A zone may follow any date.
public struct TimeText: Sendable, Equatable {
    /// How a time without a zone is read.
    public enum DefaultZone: Sendable { case local, utc }

    /// ns since the epoch, UTC.
    public let time: UInt64
    /// The zone that it was read in, for people: `+01:00`, `UTC`, `CET (+01:00), the local zone`.
    public let zone: String
    public let isZoneStated: Bool
    /// ns that the text leaves open: a day for a date alone, a minute where no seconds stand.
    public let precision: UInt64

    /// - Parameter now: ns since the epoch.
    public init(_ text: String, now: UInt64, zone defaultZone: DefaultZone = .local) throws(TimeTextError) {
        guard text.utf8.count <= 128 else { throw TimeTextError(String(text.prefix(32)) + "…", "it is too long") }
        let words = TimeWords(text)
        guard !words.words.isEmpty else { throw TimeTextError(text, "it is empty") }
        if let time = try Self.relative(words, text, now) {
            self.init(time: time, zone: "UTC", isZoneStated: true, precision: 1_000_000_000)
            return
        }
        var fields = TimeFields()
        for word in words.words where !fields.take(word, now: now, zone: defaultZone) {
            throw TimeTextError(text, "\"\(word)\" is not understood")
        }
        // Only a comment says which zone: `2018-02-13 02:50:00 (UTC)`.
        if fields.zone == nil { _ = words.comments.contains { fields.takeZone($0) } }
        let (seconds, zone) = try fields.resolve(text, defaultZone)
        self.init(
            time: UInt64(seconds) * 1_000_000_000 + fields.nanoseconds, zone: zone,
            isZoneStated: fields.zone?.isStated ?? false, precision: fields.precision)
    }

    private init(time: UInt64, zone: String, isZoneStated: Bool, precision: UInt64) {
        self.time = time
        self.zone = zone
        self.isZoneStated = isZoneStated
        self.precision = precision
    }

    /// `now`, `@1518490449.5`, `2h ago`, `1 day ago`; nil for any other form.
    private static func relative(
        _ words: TimeWords, _ text: String, _ now: UInt64
    ) throws(TimeTextError) -> UInt64? {
        let words = words.words
        if words == ["now"] { return now }
        if words.count == 1, let word = words.first, word.hasPrefix("@") {
            guard let (seconds, nanoseconds) = TimeFields.decimal(word.dropFirst()), seconds < TimeFields.end
            else { throw TimeTextError(text, "@ is followed by seconds since 1970") }
            return UInt64(seconds) * 1_000_000_000 + nanoseconds
        }
        guard words.count > 1, words.last == "ago" else { return nil }
        var span: UInt64 = 0
        var rest = words.dropLast().joined()[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard digits.count <= 7, let count = UInt64(digits), let seconds = seconds(of: unit)
            else { throw TimeTextError(text, "a number with s, m, h, d or w stands before \"ago\"") }
            // At most 64 such pairs, each below 2^43: no overflow.
            span += count * seconds
            rest = rest.dropFirst(digits.count + unit.count)
        }
        guard span <= now / 1_000_000_000 else { throw TimeTextError(text, "it lies before 1970") }
        return now - span * 1_000_000_000
    }

    private static func seconds(of unit: Substring) -> UInt64? {
        switch unit {
        case "s", "sec", "secs", "second", "seconds": 1
        case "m", "min", "mins", "minute", "minutes": 60
        case "h", "hour", "hours": 3600
        case "d", "day", "days": 86400
        case "w", "week", "weeks": 7 * 86400
        default: nil
        }
    }
}

/// A text that is no time, and why not.
public struct TimeTextError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ text: String, _ reason: String) {
        description =
            "\"\(text)\" is no time: \(reason). Write 2018-02-13T03:54:09+01:00, 2018-02-13 03:54 (local time), "
            + "\"yesterday 03:54\", \"2h ago\", @1518490449 or a date as mails have it"
    }
}

/// A text's words in lower case, and apart from them its comments (RFC 5322 section 3.2.2).
private struct TimeWords {
    var words: [String] = []
    var comments: [String] = []

    init(_ text: String) {
        var depth = 0
        var outside = ""
        var comment = ""
        for character in text.lowercased() {
            switch character {
            case "(": depth += 1
            case ")" where depth > 0:
                depth -= 1
                if depth == 0 {
                    comments.append(comment)
                    comment = ""
                    outside.append(" ")
                }
            default: if depth == 0 { outside.append(character) } else { comment.append(character) }
            }
        }
        words = outside.split { $0.isWhitespace || $0 == "," }.map(String.init)
    }
}
