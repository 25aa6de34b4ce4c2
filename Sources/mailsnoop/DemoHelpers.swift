internal import ArgumentParser
internal import Dispatch
internal import Glibc
internal import HostFacts

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

/// Blocking TCP, a line at a time.
private enum DemoSocket {
    private static func address(_ text: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        // The address is as large as its family needs.
        _ = unsafe inet_pton(AF_INET, text, &address.sin_addr)
        return address
    }

    static func listen(_ port: UInt16) -> Int32 {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = address("0.0.0.0", port)
        // The length is that of the address.
        let isBound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return isBound == 0 && Glibc.listen(server, 64) == 0 ? server : -1
    }

    static func connect(_ host: String, _ port: UInt16) -> Int32 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = address(host, port)
        // The length is that of the address.
        let error = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if error == 0 { return client }
        close(client)
        return -1
    }

    static func write(_ line: String, _ socket: Int32) {
        let bytes = Array("\(line)\r\n".utf8)
        // Sends what the array holds.
        _ = unsafe send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Without its end; nil at the end of all.
    static func line(_ socket: Int32) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        // Reads one byte.
        while unsafe recv(socket, &byte, 1, 0) == 1, line.count < 4096 {
            if byte == UInt8(ascii: "\n") { return String(decoding: line.filter { $0 != 0x0D }, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}
