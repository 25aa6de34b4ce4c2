import Foundation
import KernelProbe
import MailWatch
import PHPRuntime
import Synchronization
import TestSupport
import Testing

extension KernelSuite {
    /// Real PHP in web servers. The front controller of Tests/php loads a plugin, whose nested method connects.
    @Suite struct PHPServerTests {
        private let port: UInt16 = 10_067
        private let php: PHPInstallation
        private let folder: PHPFolder
        private let variables: [String: String]

        init() throws {
            php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-fpm php-cgi")
            folder = try PHPFolder(php)
            variables = ["PORT": "10067"]
            try site("shop")
        }

        /// A site with a front controller. Returns its entry script.
        @discardableResult
        private func site(_ name: String) throws -> String {
            try folder.add("newsletter.php", at: "\(name)/plugins/newsletter/newsletter.php")
            return try folder.add("index.php", at: "\(name)/index.php")
        }

        /// The context is what PHP itself said.
        private func compare(
            _ connection: Connection, _ said: Said, sapi: String, site: String = "shop", uri: String? = nil,
            pool: String = ""
        ) throws {
            let context = try #require(connection.php?.context)
            func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
            let frame = try #require(context.culpritFrame)
            #expect(text(frame.file) == said.file)
            #expect(frame.line == said.line)
            #expect(text(frame.call) == said.call)
            #expect(
                context.frames.map { text($0.call) } == [
                    "fsockopen", #"Acme\Newsletter::deliver"#, #"Acme\Newsletter::dispatch"#, "",
                ])
            #expect(text(context.sapi) == sapi)
            #expect(text(context.host) == said.host)
            #expect(text(context.path) == uri ?? said.uri)
            #expect(text(context.client) == said.client)
            #expect(text(context.method) == said.method)
            #expect(text(context.script) == "\(folder.inside)/\(site)/index.php")
            #expect(text(context.pool) == pool)
            #expect(context.pid == said.pid)
            #expect(connection.process.description.pid == said.pid)
            #expect(context.gaps == [])
        }

        @Test func fpmTellsScriptRequestAndPool() throws {
            let server = try PHPServer.fpm(php, folder, pool: "shop")
            var trace = try LiveTrace(port: port, php: php.binaries())
            let said = try server.say(
                PHPServer.variables(
                    script: "\(folder.inside)/shop/index.php", uri: "/contact/form?token=secret", method: "POST",
                    variables))
            try compare(#require(trace.ended(1).first), said, sapi: "fpm-fcgi", uri: "/contact/form", pool: "shop")
        }

        @Test func withoutAHostHeaderTheServersNameIsTaken() throws {
            let server = try PHPServer.fpm(php, folder)
            var trace = try LiveTrace(port: port, php: php.binaries())
            var request = PHPServer.variables(script: "\(folder.inside)/shop/index.php", variables)
            request["HTTP_HOST"] = nil
            // Headers of the same hash and length are no host.
            request["HTTP_ABST"] = "evil.example"
            _ = try server.say(request)
            let context = try #require(trace.ended(1).first?.php?.context)
            #expect(context.host == Array("default.example".utf8))
        }

        @Test func opcacheWarmedByAnotherWorker() throws {
            let server = try PHPServer.fpm(
                php, folder, workers: 2, extensions: ["opcache"],
                settings: ["opcache.enable=1", "opcache.jit_buffer_size=16M", "opcache.jit=tracing"])
            var trace = try LiveTrace(port: port, php: php.binaries())
            let request = PHPServer.variables(script: "\(folder.inside)/shop/index.php", variables)
            var said: [Said] = []
            // Until the second worker has answered, too.
            while Set(said.map(\.pid)).count < 2, said.count < 97 { said.append(try server.say(request)) }
            #expect(Set(said.map(\.pid)).count == 2)
            let connections = trace.ended(said.count)
            #expect(connections.count == said.count)
            for (connection, said) in zip(connections, said) {
                try compare(connection, said, sapi: "fpm-fcgi", pool: "www")
            }
        }

        @Test func twoHostsInOnePoolAreToldApart() throws {
            try site("one")
            try site("two")
            let server = try PHPServer.fpm(php, folder, pool: "shared")
            var trace = try LiveTrace(port: port, php: php.binaries())
            let sites = ["one", "two", "one"]
            let said = try sites.map { site in
                try server.say(
                    PHPServer.variables(
                        script: "\(folder.inside)/\(site)/index.php", host: "\(site).example", uri: "/", variables))
            }
            let connections = trace.ended(3)
            #expect(Set(connections.map { $0.process.description.uid }).count == 1)
            for (connection, (said, site)) in zip(connections, zip(said, sites)) {
                #expect(said.host == "\(site).example")
                try compare(connection, said, sapi: "fpm-fcgi", site: site, pool: "shared")
            }
        }

        @Test func apacheWithLibphp() throws {
            try site("two")
            let server = try PHPServer.apache(
                folder, hosts: [("shop.example", "\(folder.inside)/shop"), ("two.example", "\(folder.inside)/two")])
            let library = try #require(
                PHPScanner.scan().compactMap { finding -> PHPBinary? in
                    guard case .known(let binary) = finding, binary.kind == .library else { return nil }
                    return binary
                }.first)
            guard case .known(let host) = PHPInspector.inspect(path: "/usr/sbin/apache2") else {
                Issue.record("apache2 is no host")
                return
            }
            var trace = try LiveTrace(port: port, php: [host, library])
            var said: [Said] = []
            for site in ["shop", "two"] {
                let answer = try Child([
                    "curl", "-s", "-H", "Host: \(site).example", "http://127.0.0.1:\(server.port)/contact/form?x=1",
                ]).end()
                said.append(try JSONDecoder().decode(Said.self, from: Data(answer.output)))
            }
            let connections = trace.ended(2)
            #expect(connections.count == 2)
            for (connection, (said, site)) in zip(connections, zip(said, ["shop", "two"])) {
                #expect(said.uri == "/contact/form?x=1")
                try compare(connection, said, sapi: "apache2handler", site: site, uri: "/contact/form")
            }
        }

        @Test func cgiTellsTheRequestOfItsEnvironment() throws {
            var trace = try LiveTrace(port: port, php: php.binaries())
            let environment = PHPServer.variables(
                script: "\(folder.inside)/shop/index.php", uri: "/contact",
                ["PORT": "10067", "REDIRECT_STATUS": "200"]
            ).map { "\($0)=\($1)" }
            // Longer than the 255 bytes that are read at once, and the rest is like a variable.
            let cookie = "HTTP_COOKIE=" + String(repeating: "x", count: 243) + "HTTP_HOST=evil.example"
            let answer = try Child(["env", "-i"] + environment + [cookie] + php.cgi).end().text
            let body = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).last)
            let said = try JSONDecoder().decode(Said.self, from: Data(body.utf8))
            try compare(#require(trace.ended(1).first), said, sapi: "cgi-fcgi")
        }

        @Test func tenThousandRequestsAreNotMixedUp() throws {
            // Thirteen scripts; each answers with its own name.
            for number in 0..<13 {
                try folder.add(
                    "<?php" + String(repeating: "\n", count: number + 1)
                        + "function work\(number)() { @fsockopen('127.0.0.1', 10067); } work\(number)();\n",
                    to: "load/\(number).php")
            }
            let server = try PHPServer.fpm(php, folder, workers: 8)
            var trace = try LiveTrace(port: port, ringSize: 1 << 26, php: php.binaries())
            let count = 10_007
            let scripts = folder.inside
            let fpm = server.port
            let failures = Mutex(0)
            let next = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                while case let marker = next.withLock({
                    $0 += 1
                    return $0 - 1
                }), marker < count {
                    let request = PHPServer.variables(
                        script: "\(scripts)/load/\(marker % 13).php", host: "h\(marker % 7).example", uri: "/\(marker)")
                    if (try? FastCGI.request(port: fpm, request)) == nil { failures.withLock { $0 += 1 } }
                }
            }
            #expect(failures.withLock { $0 } == 0)
            let connections = trace.ended(count)
            #expect(connections.count == count)
            var seen: Set<Int> = []
            for connection in connections {
                let context = try #require(connection.php?.context)
                let marker = try #require(Int(String(decoding: context.path.dropFirst(), as: UTF8.self)))
                seen.insert(marker)
                #expect(connection.php?.path == Array("\(scripts)/load/\(marker % 13).php".utf8))
                #expect(connection.php?.line == UInt32(marker % 13 + 2))
                #expect(context.host == Array("h\(marker % 7).example".utf8))
                #expect(context.culpritFrame?.call == Array("work\(marker % 13)".utf8))
                #expect(context.pid == connection.process.description.pid)
            }
            #expect(seen.count == count)
            #expect(Set(connections.map(\.process.description.pid)).count > 1)
            #expect(trace.probe.losses().contexts == 0)
        }
    }
}
