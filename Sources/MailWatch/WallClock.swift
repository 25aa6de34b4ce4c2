internal import Glibc

/// Turns the kernel's CLOCK_BOOTTIME into wall-clock time.
public struct WallClock: Sendable {
    /// The two clocks cannot be read at once. A smaller difference than this many ns is that, and not a clock step: the
    /// same moment then always gets the same time.
    private static let tolerance: UInt64 = 1_000_000

    /// ns between the epoch and boot.
    public private(set) var bootTime: UInt64

    public init() { bootTime = Self.readBootTime() }

    public init(bootTime: UInt64) { self.bootTime = bootTime }

    /// Follows a step of the wall clock. Call it for each batch of records.
    public mutating func follow() {
        let fresh = Self.readBootTime()
        if max(fresh, bootTime) - min(fresh, bootTime) > Self.tolerance { bootTime = fresh }
    }

    /// ns since the epoch, UTC.
    public func wallTime(_ time: UInt64) -> UInt64 { time &+ bootTime }

    /// ns of CLOCK_BOOTTIME.
    public static var uptime: UInt64 { now(CLOCK_BOOTTIME) }

    /// The reading whose two halves lie closest together, of a few: this thread may lose the CPU in between.
    private static func readBootTime() -> UInt64 {
        var best: (gap: UInt64, time: UInt64) = (.max, 0)
        for _ in 0..<4 where best.gap > tolerance {
            let before = now(CLOCK_BOOTTIME)
            let wall = now(CLOCK_REALTIME)
            let gap = now(CLOCK_BOOTTIME) &- before
            if gap < best.gap { best = (gap, wall &- before) }
        }
        return best.time
    }

    private static func now(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // clock_gettime fills the timespec that it is given.
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
