import Glibc
import Testing

@testable import Complaints

struct TimeTextTests {
    private static let moment: UInt64 = 1_518_490_449_000_000_000

    @Test(arguments: [
        "2018-02-13T03:54:09+01:00", "2018-02-13T02:54:09Z", "2018-02-13 02:54:09 UTC", "2018-02-13t02:54:09.000z",
        "Tue, 13 Feb 2018 03:54:09 +0100 (CET)", "13 Feb 18 02:54:09 GMT", "Mon, 12 Feb 2018 18:54:09 PST",
        "Tue (really (nested)), 13 Feb 2018 02:54:09 -0000", "Tue Feb 13 02:54:09 2018 UTC", "13-Feb-2018 02:54:09 Z",
        "2018-02-13 02:54:09 (UTC)", "13 Feb 118 02:54:09 X", "@1518490449", "2018-02-13T08:24:09+0530",
        "Feb 13, 2018 2:54:09 AM UTC", "2018/02/13 02:54:09 GMT",
    ]) func isRead(_ text: String) throws {
        #expect(try TimeText(text, now: 0).time == Self.moment)
    }

    @Test func relativeTimes() throws {
        #expect(try TimeText("now", now: Self.moment).time == Self.moment)
        #expect(try TimeText("2h ago", now: Self.moment).time == Self.moment - 7_200_000_000_000)
        #expect(try TimeText("1 day 30m ago", now: Self.moment).time == Self.moment - 88_200_000_000_000)
        #expect(try TimeText("today 02:54", now: Self.moment, zone: .utc).time == Self.moment - 9_000_000_000)
        #expect(
            try TimeText("yesterday 02:54:09 +00:00", now: Self.moment, zone: .utc).time == Self.moment
                - 86_400_000_000_000)
        #expect(try TimeText("yesterday", now: Self.moment, zone: .utc).precision == 86_400_000_000_000)
    }

    @Test(arguments: [
        "", "yestreday", "13 Feb", "2018-02-30", "2018-13-01", "25:00", "2018-02-13 24:00", "2018-02-13 03:54:09 +2500",
        "@", "@99999999999999", "h ago", "-1h ago", "9999999w ago", "1969-12-31", "2018-02-13 03:54 03:55",
        "3000-01-01",
        "2018-02-13 03:54:09 CET CEST", "now now", "\u{661}h ago",
    ]) func isRefused(_ text: String) {
        let error = #expect(throws: TimeTextError.self) { try TimeText(text, now: Self.moment) }
        #expect(error?.description.contains("is no time: ") == true)
    }

    @Test func theLocalZoneIsSaidAndItsGapsToo() async {
        await #expect(processExitsWith: .success) {
            unsafe setenv("TZ", "Europe/Zurich", 1)
            tzset()
            let winter = try TimeText("2018-02-13 03:54:09", now: 0)
            #expect(winter.time == 1_518_490_449_000_000_000)
            #expect(winter.zone == "CET (+01:00), the local zone")
            #expect(!winter.isZoneStated)
            #expect(try TimeText("2018-07-13 03:54", now: 0).zone == "CEST (+02:00), the local zone")
            #expect(throws: TimeTextError.self) { try TimeText("2018-03-25 02:30", now: 0) }
            let twice = try TimeText("2018-10-28 02:30", now: 0)
            #expect(twice.time == 1_540_686_600_000_000_000)
            #expect(twice.zone.hasSuffix("the clock showed it twice, the first is meant"))
            #expect(try TimeText("yesterday 03:00", now: 1_540_800_000_000_000_000).time == 1_540_692_000_000_000_000)
        }
    }
}
