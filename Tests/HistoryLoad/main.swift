// Writes made connections through the recorder, for tests and measurements.
//
//   history-load fill DATABASE COUNT HOURS     so many, evenly over the last HOURS; as quickly as it takes them
//   history-load steady DATABASE RATE SECONDS [KEEP-HOURS]
//                                              RATE a second, now; prints the time of each when it is handed over, `stored N`
//                                              when N are written, and at the end, on stderr, the longest time until one
//                                              was written, in ms
internal import ArgumentParser
internal import Glibc
internal import History
internal import MailWatch

struct HistoryLoad: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "history-load", subcommands: [Fill.self, Steady.self])

    struct Fill: ParsableCommand {
        @Argument var database: String
        @Argument var count: UInt64
        @Argument var hours: UInt64

        func run() throws {
            let recorder = try recorder(database, keep: .max)
            let span = hours * 3_600_000_000_000
            // As if the kernel had been booted before all of them.
            let bootTime = WallClock().wallTime(WallClock.uptime) - span
            var traffic = Traffic(bootTime: bootTime)
            for number in 0..<count {
                let next = traffic.next(at: UInt64(Double(span) * Double(number) / Double(count)) + 1)
                recorder.record(next.connection, name: next.name, clock: traffic.clock)
                if number % 4096 == 4095 { while recorder.counts.stored + 16_384 < number { usleep(1000) } }
            }
            recorder.finish()
            guard recorder.counts.stored == count else { throw ExitCode(1) }
        }
    }

    struct Steady: ParsableCommand {
        @Argument var database: String
        @Argument var rate: UInt64
        @Argument var seconds: UInt64
        @Argument var keepHours: UInt64 = 24 * 365 * 10

        func run() throws {
            let recorder = try recorder(database, keep: keepHours * 3_600_000_000_000)
            let clock = WallClock()
            var traffic = Traffic(bootTime: clock.bootTime)
            let start = WallClock.uptime
            var handed: [(count: UInt64, time: UInt64)] = []
            var worst: UInt64 = 0
            var count: UInt64 = 0
            var said: UInt64 = 0
            while WallClock.uptime - start < seconds * 1_000_000_000 {
                let due = (WallClock.uptime - start) * rate / 1_000_000_000
                var lines = ""
                while count < due {
                    let time = WallClock.uptime
                    let next = traffic.next(at: time)
                    recorder.record(next.connection, name: next.name, clock: clock)
                    count += 1
                    lines += "\(clock.wallTime(time))\n"
                }
                handed.append((count, WallClock.uptime))
                let stored = recorder.counts.stored
                if stored != said { lines += "stored \(stored)\n" }
                said = stored
                // At once: what is in the file outlives this process. Reads the text up to its end.
                _ = unsafe lines.withCString { unsafe write(STDOUT_FILENO, $0, strlen($0)) }
                while let oldest = handed.first, oldest.count <= stored { handed.removeFirst() }
                if let oldest = handed.first { worst = max(worst, WallClock.uptime - oldest.time) }
                usleep(2000)
            }
            recorder.finish()
            say("\(worst / 1_000_000)")
        }
    }
}

private func recorder(_ database: String, keep: UInt64) throws -> Recorder {
    var options = Recorder.Options()
    options.keep = keep
    options.maxSize = .max
    return try Recorder(database, options: options, host: "mx1.example.net", version: "0") { say($0) }
}

private func say(_ text: String) {
    // Reads the text up to its end.
    _ = unsafe (text + "\n").withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
}

HistoryLoad.main()
