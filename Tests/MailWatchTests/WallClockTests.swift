import MailWatch
import Testing

struct WallClockTests {
    @Test func wallTimeIsTheBootTimeAndTheUptime() {
        #expect(WallClock(bootTime: 1_518_490_449_000_000_000).wallTime(97) == 1_518_490_449_000_000_097)
    }

    @Test func stepOfTheClockIsFollowed() {
        let now = WallClock().bootTime
        for step in [3_600_000_000_000, 5_000_000_000] as [UInt64] {
            for wrong in [now + step, now - step] {
                var clock = WallClock(bootTime: wrong)
                clock.follow()
                #expect(max(clock.bootTime, now) - min(clock.bootTime, now) < 1_000_000_000)
            }
        }
    }

    /// The same moment then always gets the same time.
    @Test(arguments: [0, 100_000, 500_000] as [UInt64])
    func differenceOfReadingTwoClocksIsNoStep(difference: UInt64) {
        // A test that loses its CPU between the two may see more: it does not each time.
        let isLeftAlone = (0..<23).contains { _ in
            let wrong = WallClock().bootTime + difference
            var clock = WallClock(bootTime: wrong)
            clock.follow()
            return clock.bootTime == wrong
        }
        #expect(isLeftAlone)
    }

    @Test func uptimeGoesOn() {
        let first = WallClock.uptime
        #expect(first > 0)
        #expect(WallClock.uptime >= first)
    }
}
