import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// Credentials on the wire reach neither an output nor the memory of mailsnoop, the kernel's ring among it.
    @Suite struct SecretTests {
        private static func marker(_ name: String) -> String { name + UUID().uuidString.replacing("-", with: "") }

        private let name = marker("ehlo") + ".example"
        private let user = marker("user")
        private let password = marker("password")

        /// What stood behind AUTH on the wire.
        private func credentials(_ session: JSON) -> [String] {
            let lines = session["lines"].elements.map { ($0.elements[0].string, $0.elements[1].string) }
            let start = lines.firstIndex { $0.1.hasPrefix("AUTH") } ?? lines.count
            return lines[start...].prefix { !$0.1.hasPrefix("235") }.filter { $0.0 == "C" }.flatMap {
                $0.1.split(separator: " ").map(String.init)
            }.filter { $0.count >= 24 }
        }

        /// Names of the mappings of its memory in which one of these words stands.
        private func mappings(of trace: MailTrace, with words: [String]) throws -> [String] {
            let scan = try Child(["/usr/bin/python3", "\(Repository.tests)/mail/memory.py", "\(trace.pid)"] + words)
                .end()
            #expect(scan.status == 0, "\(scan.errors)")
            return scan.lines
        }

        @Test func credentialsAreNowhere() throws {
            let machine = try MailMachine()
            let sinks = try [25, 587].map { try MailSink(machine, port: $0, ["--auth"]) }
            let traces = try ["json", "csv", "detail"].map { try MailTrace(machine, format: $0) }
            let file = try traces[0].rows(of: machine)

            try machine.write("\(name) \(user) \(password)", to: "/srv/words")
            var clients = [
                try machine.startAsWebUser([
                    "/usr/bin/python3", "\(Repository.tests)/mail/login.py", MailMachine.server, "25", "/srv/words",
                ])
            ]
            for mechanism in ["PLAIN", "LOGIN", "CRAM-MD5"] {
                try machine.write(
                    """
                    server \(MailMachine.server)
                    port 587
                    ehlo \(name)
                    from news@client.example
                    to anna@iol.example
                    auth \(mechanism)
                    auth-user \(user)
                    auth-password \(password)

                    """, to: "/srv/\(mechanism)")
                clients.append(try machine.startAsWebUser(["swaks", "--silent", "2", "--config", "/srv/\(mechanism)"]))
            }
            for client in clients {
                let result = client.end()
                #expect(result.status == 0, "\(result.errors)")
            }
            let sessions = try sinks[0].sessions(5) + sinks[1].sessions(3)
            let rows = try file.lines(8)
            #expect(
                rows.map { $0["smtp", "auth"].string }.sorted()
                    == ["CRAM-MD5", "CRAM-MD5", "LOGIN", "LOGIN", "LOGIN", "PLAIN", "PLAIN", "PLAIN"])

            let wire = sessions.map(credentials)
            #expect(wire.count == 8 && wire.allSatisfy { !$0.isEmpty })
            let secrets = [user, password] + Set(wire.joined())
            // A part of them would be told, too.
            let pieces = secrets.flatMap { secret in
                stride(from: 0, through: secret.count - 12, by: 12).map { String(secret.dropFirst($0).prefix(12)) }
            }
            for trace in traces {
                // The scan finds what it is there to find: in the ring, and where it was decoded.
                let places = try mappings(of: trace, with: [name])
                #expect(places.contains("anon_inode:bpf-map"))
                #expect(places.contains { $0 != "anon_inode:bpf-map" })
                #expect(try mappings(of: trace, with: pieces) == [])
                try trace.end()
                let output = try String(contentsOfFile: trace.output, encoding: .utf8)
                #expect(output.contains(name))
                for piece in pieces { #expect(!output.contains(piece)) }
            }
        }
    }
}
