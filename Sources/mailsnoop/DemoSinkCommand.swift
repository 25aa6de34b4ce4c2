internal import ArgumentParser
internal import Dispatch
internal import Glibc

/// The demo's mail server: says yes to everything, and keeps nothing.
struct DemoSinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-sink", shouldDisplay: false)

    func run() throws {
        for port in [587, 25] as [UInt16] {
            let server = DemoSocket.listen(port)
            guard server >= 0 else { throw Failure(description: Failure.errorText(errno), exitStatus: EX_OSERR) }
            Self.serve(server, isLast: port == 25)
        }
    }

    private static func serve(_ server: Int32, isLast: Bool) {
        guard isLast else { return DispatchQueue.global().async { serve(server, isLast: true) } }
        while true {
            let client = accept(server, nil, nil)
            guard client >= 0 else { continue }
            DispatchQueue.global().async {
                talk(client)
                close(client)
            }
        }
    }

    private static func talk(_ client: Int32) {
        var isMessage = false
        DemoSocket.write("220 mx.example.net ESMTP", client)
        while let line = DemoSocket.line(client) {
            if isMessage {
                guard line == "." else { continue }
                isMessage = false
                DemoSocket.write("250 2.0.0 taken", client)
                continue
            }
            switch line.prefix(4).uppercased() {
            case "DATA":
                isMessage = true
                DemoSocket.write("354 go on", client)
            case "AUTH": DemoSocket.write("235 2.7.0 welcome", client)
            case "QUIT":
                DemoSocket.write("221 2.0.0 bye", client)
                return
            default: DemoSocket.write("250 mx.example.net", client)
            }
        }
    }
}
