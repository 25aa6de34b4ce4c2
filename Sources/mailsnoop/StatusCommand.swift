internal import ArgumentParser
internal import Glibc
internal import History
internal import MailWatch
internal import Reports

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Says whether the recorder runs, since when, and what it has. Times are in UTC.",
        discussion:
            "Exit status: 0 it runs, 1 it does not, 65 the database is damaged, 66 there is none, 77 not permitted.")

    @OptionGroup var place: DatabaseOption

    func run() throws {
        let status: HistoryStatus
        do { status = try place.reader().status() } catch let error as HistoryError { throw Failure.history(error) }
        let seconds = Timestamp.seconds
        var lines: [String] = []
        if let run = status.runs.last {
            lines.append(
                run.isRunning
                    ? "recorder     running since \(seconds(run.start)), last wrote \(seconds(run.latest))"
                    : "recorder     not running; it \(run.hasEnded ? "ended" : "was cut off, after it wrote") \(seconds(run.latest))"
            )
            lines.append("host         \(Escaping.text(run.host)), mailsnoop \(Escaping.text(run.version))")
            lines.append(
                "this run     \(run.stored) connections written, \(run.unstored) not for want of room, \(run.lost) lost before"
            )
        } else {
            lines.append("recorder     has not run")
        }
        lines.append("history      \(status.connections) connections, \(status.size >> 10) KiB")
        if let oldest = status.oldest, let newest = status.newest {
            lines.append("             from \(seconds(oldest)) to \(seconds(newest))")
        }
        lines.append(
            "runs         \(status.runs.count), cut off \(status.runs.filter { !$0.hasEnded && !$0.isRunning }.count)")
        var pipe = Pipeline()
        try pipe.write(Array((lines.joined(separator: "\n") + "\n").utf8))
        do { try pipe.flush() } catch is Pipeline.NobodyReads {}
        if status.runs.last?.isRunning != true { throw ExitCode(1) }
    }
}
