internal import ArgumentParser
internal import Glibc
internal import HostFacts

/// The demo's mail server that delivers: one mail each two seconds, for a quarter of an hour.
struct DemoDeliverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-deliver", shouldDisplay: false)

    func run() {
        let commands = [
            "EHLO \(Host.name)", "MAIL FROM:<anna@shop.example>", "RCPT TO:<bruno@example.net>", "DATA",
            "Subject: lunch\r\n\r\nat noon\r\n.", "QUIT",
        ]
        for number in 0..<450 {
            let server = DemoSocket.connect("198.51.100.\(25 + number % 3)", 25)
            if server >= 0 {
                _ = DemoSocket.line(server)
                for command in commands {
                    DemoSocket.write(command, server)
                    _ = DemoSocket.line(server)
                }
                close(server)
            }
            sleep(2)
        }
    }
}
