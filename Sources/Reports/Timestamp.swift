internal import Glibc
internal import MailWatch

/// Times as they are written. All are given in ns since the epoch.
public enum Timestamp {
    /// Appends RFC 3339, UTC, with nanoseconds: `2018-02-13T02:54:09.000000000Z`.
    public static func append(_ time: UInt64, to text: inout [UInt8]) {
        let parts = Parts(time, isLocal: false)
        parts.appendDate(to: &text)
        text.append(UInt8(ascii: "T"))
        parts.appendClock(to: &text)
        text.append(UInt8(ascii: "."))
        text.append(decimal: time % 1_000_000_000, width: 9)
        text.append(UInt8(ascii: "Z"))
    }

    /// RFC 3339, UTC, to the second: `2018-02-13T02:54:09Z`.
    public static func seconds(_ time: UInt64) -> String {
        var text: [UInt8] = []
        let parts = Parts(time, isLocal: false)
        parts.appendDate(to: &text)
        text.append(UInt8(ascii: "T"))
        parts.appendClock(to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the local time of day, `03:54:09`.
    public static func append(clockOf time: UInt64, to text: inout [UInt8]) {
        Parts(time, isLocal: true).appendClock(to: &text)
    }

    /// A point in time in the calendar.
    private struct Parts {
        private let year, month, day, hour, minute, second: UInt64

        init(_ time: UInt64, isLocal: Bool) {
            var seconds = time_t(time / 1_000_000_000)
            var parts = unsafe tm()
            // Both fill the tm that they are given; its zone name is not read.
            if isLocal {
                unsafe localtime_r(&seconds, &parts)
            } else {
                unsafe gmtime_r(&seconds, &parts)
            }
            year = unsafe UInt64(max(parts.tm_year + 1900, 0))
            month = unsafe UInt64(parts.tm_mon + 1)
            day = unsafe UInt64(parts.tm_mday)
            hour = unsafe UInt64(parts.tm_hour)
            minute = unsafe UInt64(parts.tm_min)
            second = unsafe UInt64(parts.tm_sec)
        }

        func appendDate(to text: inout [UInt8]) {
            text.append(decimal: year, width: 4)
            text.append(UInt8(ascii: "-"))
            text.append(decimal: month, width: 2)
            text.append(UInt8(ascii: "-"))
            text.append(decimal: day, width: 2)
        }

        func appendClock(to text: inout [UInt8]) {
            text.append(decimal: hour, width: 2)
            text.append(UInt8(ascii: ":"))
            text.append(decimal: minute, width: 2)
            text.append(UInt8(ascii: ":"))
            text.append(decimal: second, width: 2)
        }
    }
}

/// Appends a span of ns as seconds with microseconds.
func append(seconds nanoseconds: UInt64, to text: inout [UInt8]) {
    text.append(decimal: nanoseconds / 1_000_000_000)
    text.append(UInt8(ascii: "."))
    text.append(decimal: nanoseconds % 1_000_000_000 / 1000, width: 6)
}

/// Writes many times that lie close together: what they share is made once a second.
struct TimestampWriter: Sendable {
    private var second = UInt64.max
    private var prefix: [UInt8] = []
    private let isLocalClock: Bool

    /// - Parameter isLocalClock: the local time of day, as `Timestamp.append(clockOf:to:)`; else RFC 3339.
    init(isLocalClock: Bool = false) { self.isLocalClock = isLocalClock }

    mutating func append(_ time: UInt64, to text: inout [UInt8]) {
        if time / 1_000_000_000 != second {
            second = time / 1_000_000_000
            prefix = []
            if isLocalClock {
                Timestamp.append(clockOf: time, to: &prefix)
            } else {
                Timestamp.append(second * 1_000_000_000, to: &prefix)
                prefix.removeLast("000000000Z".utf8.count)
            }
        }
        text.append(contentsOf: prefix)
        guard !isLocalClock else { return }
        text.append(decimal: time % 1_000_000_000, width: 9)
        text.append(UInt8(ascii: "Z"))
    }
}
