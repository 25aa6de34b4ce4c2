import Foundation
import Testing

@testable import Reports

struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"), (999_999_999, "1970-01-01T00:00:00.999999999Z"),
            (1_518_490_449_000_000_001, "2018-02-13T02:54:09.000000001Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999999999Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
            (UInt64.max, "2554-07-21T23:34:33.709551615Z"),
        ] as [(UInt64, String)])
    func timeIsRFC3339InUTC(time: UInt64, expected: String) {
        var text: [UInt8] = []
        Timestamp.append(time, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }

    /// In whatever zone the tests run.
    @Test(arguments: [0, 1_518_490_449, 1_720_000_000, 1_735_689_599, 4_107_542_400] as [UInt64])
    func clockIsLocalTime(seconds: UInt64) {
        let writer = DateFormatter()
        writer.locale = Locale(identifier: "en_US_POSIX")
        writer.dateFormat = "HH:mm:ss"
        var clock: [UInt8] = []
        Timestamp.append(clockOf: seconds * 1_000_000_000, to: &clock)
        #expect(
            String(decoding: clock, as: UTF8.self) == writer.string(from: Date(timeIntervalSince1970: Double(seconds))))
    }

    /// What times of one second share is kept, and belongs to no other second.
    @Test(arguments: [false, true])
    func writerOfManyTimesWritesEachAsIfItWereAlone(isLocalClock: Bool) {
        var writer = TimestampWriter(isLocalClock: isLocalClock)
        for time in [0, 1, 999_999_999, 1_000_000_000, 999_999_999, 1_518_490_449_000_000_001, .max, 0] as [UInt64] {
            var text: [UInt8] = []
            var alone: [UInt8] = []
            writer.append(time, to: &text)
            if isLocalClock { Timestamp.append(clockOf: time, to: &alone) } else { Timestamp.append(time, to: &alone) }
            #expect(text == alone)
        }
    }

    @Test(
        arguments: [
            (0, "0.000000"), (999, "0.000000"), (1_000, "0.000001"), (12_345_678, "0.012345"),
            (3_600_000_000_000, "3600.000000"),
        ] as [(UInt64, String)])
    func spanIsSecondsWithMicroseconds(span: UInt64, expected: String) {
        var text: [UInt8] = []
        append(seconds: span, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }
}
