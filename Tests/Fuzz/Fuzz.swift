// Damaged input for what reads files, by fixed seeds: `make fuzz`. A trap ends the program, and the last line says in which
// case; `fuzz KIND 1 --first CASE` runs that one alone.
//
//   fuzz databases|recordings|complaints COUNT [--first CASE]
//   fuzz floods BYTES      complaints of that size that are made to take long; a line for each with its time
internal import ArgumentParser
internal import Foundation

@main
struct Fuzz: ParsableCommand {
    enum Kind: String, ExpressibleByArgument { case databases, recordings, complaints, floods }

    /// ns of CPU time that one case may take.
    static let limit: [Kind: UInt64] = [
        .databases: 10_000_000_000, .recordings: 2_000_000_000, .complaints: 2_000_000_000, .floods: 2_000_000_000,
    ]

    @Argument var kind: Kind
    @Argument var count: Int
    @Option var first = 0

    func run() throws {
        var slowest: UInt64 = 0
        func measure(_ name: String, _ body: () throws -> Void) rethrows {
            let start = Self.cpuTime
            try body()
            let time = Self.cpuTime - start
            slowest = max(slowest, time)
            if kind == .floods || time > Self.limit[kind]! { say("\(name): \(time / 1_000_000) ms") }
        }
        switch kind {
        case .databases:
            let databases = try DatabaseFuzz()
            for number in first..<first + count {
                if number % 100 == 0 { say("case \(number)") }
                try measure("case \(number)") { try databases.run(number) }
            }
            say(databases.summary)
        case .recordings:
            var recordings = try RecordingFuzz()
            for number in first..<first + count {
                if number % 10_000 == 0 { say("case \(number)") }
                measure("case \(number)") { recordings.run(number) }
            }
            say("\(recordings.understood) of \(count) understood")
        case .complaints:
            var complaints = ComplaintFuzz()
            for number in first..<first + count {
                if number % 10_000 == 0 { say("case \(number)") }
                measure("case \(number)") { complaints.run(number) }
            }
            say("\(complaints.understood) of \(count) understood")
        case .floods:
            for flood in Flood.all {
                let bytes = flood.bytes(count)
                measure(flood.name) { _ = ComplaintFuzz.understand(bytes) }
            }
        }
        say("slowest \(slowest / 1_000_000) ms")
        guard slowest <= Self.limit[kind]! else { throw ExitCode(1) }
    }

    /// ns: what else the machine does is not counted.
    private static var cpuTime: UInt64 {
        var time = timespec()
        // clock_gettime fills the timespec that it is given.
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// At once: a trap would lose what waits in a buffer.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
