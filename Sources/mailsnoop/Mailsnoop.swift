internal import ArgumentParser
internal import Glibc
internal import MailWatch

@main
struct Mailsnoop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailsnoop",
        abstract: "Shows who on this server is sending mail.",
        discussion: """
            Watches outbound connects to mail ports in the kernel and tells which process, run by which user, made \
            each. Needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN.
            """,
        version: Version.text,
        subcommands: [
            TopCommand.self, TraceCommand.self, RecordCommand.self, ExportCommand.self, SendersCommand.self,
            MatchCommand.self, NoteCommand.self, StatusCommand.self, DoctorCommand.self,
            DemoCommand.self, DemoSinkCommand.self, DemoDeliverCommand.self,
        ],
        defaultSubcommand: TopCommand.self)

    static func main() {
        // For wide characters, and for how far the terminal can show them.
        unsafe setlocale(LC_CTYPE, "")
        // A reader that goes away is told by write(2).
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            Failure.say(failure.description)
            Glibc.exit(failure.exitStatus)
        } catch {
            let status = exitCode(for: error)
            if status.isSuccess { exit(withError: error) }
            // The parser repeats the arguments as they came.
            let lines = fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
            let text = lines.map { Escaping.text(String($0)) + "\n" }.joined()
            if text.contains(where: { !$0.isWhitespace }) { Failure.say(bytes: Array(text.utf8)) }
            Glibc.exit(status.rawValue)
        }
    }
}
