internal import CLinux

/// What is told to systemd (sd_notify(3)); nothing where it has not asked.
enum ServiceManager {
    static func isReady() { tell("READY=1") }
    static func isStopping() { tell("STOPPING=1") }
    static func isAlive() { tell("WATCHDOG=1") }

    private static func tell(_ state: String) {
        // The text is only read during the call.
        _ = unsafe clinux_notify(state)
    }
}
