internal import CLinux
internal import Glibc
internal import MailWatch

/// Reports to systemd by sd_notify(3). Does nothing when systemd did not start this program.
final class ServiceManager {
    /// The longest time between two signs of life, in ns.
    private static let longest: UInt64 = 5_000_000_000

    private let interval: UInt64
    /// ns of CLOCK_BOOTTIME.
    private var next: UInt64 = 0

    init() {
        // The watchdog's limit in us; sd_watchdog_enabled(3) recommends half of it.
        let limit = unsafe getenv("WATCHDOG_USEC").flatMap { unsafe UInt64(String(cString: $0)) } ?? 0
        interval = limit == 0 ? Self.longest : min(Self.longest / 500, limit) * 500
    }

    func isReady() {
        Self.tell("READY=1")
        next = 0
    }

    func isStopping() { Self.tell("STOPPING=1\nSTATUS=Writing the last connections") }

    /// Tells that a reload has begun. isReady() ends it.
    func isReloading() {
        var time = timespec()
        // clock_gettime fills the structure.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        Self.tell("RELOADING=1\nMONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)")
    }

    /// To be called at least a few times a second. `status` is a line for `systemctl status`.
    func isAlive(status: @autoclosure () -> String) {
        let now = WallClock.uptime
        guard now >= next else { return }
        next = now + interval
        Self.tell("WATCHDOG=1\nSTATUS=\(status())")
    }

    private static func tell(_ state: String) {
        // The text is only read during the call.
        _ = unsafe clinux_notify(state)
    }
}
