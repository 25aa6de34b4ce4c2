import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// Children of PHP carry the stack that started them.
    @Suite(.enabled(if: Probe.hasOrigins, "needs task storage in tracing programs (5.12)"))
    struct PHPOriginTests {
        private let port: UInt16 = 10_069
        private let php: PHPInstallation
        private let folder: PHPFolder
        private let script: String
        private let sendmail: String

        init() throws {
            php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-cli")
            folder = try PHPFolder(php)
            script = try folder.add("calls.php")
            let configuration = try folder.add(
                "account default\nhost 127.0.0.1\nport 10069\nfrom a@example.org\n", to: "msmtprc")
            // A real sendmail interface, under the name by which PHP calls it where it is installed as one.
            sendmail = "\(folder.inside)/sendmail"
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder.outside)/sendmail", withDestinationPath: "/usr/bin/msmtp")
            try #require(FileManager.default.isExecutableFile(atPath: "/usr/bin/msmtp"), "apt-get install msmtp")
            sendmailPath = "sendmail_path=\(sendmail) -C \(configuration) -t"
        }

        private let sendmailPath: String

        private func check(_ script: Script?, _ said: Said, sapi: String) throws {
            let script = try #require(script)
            let context = try #require(script.context)
            #expect(script.evidence == .origin)
            #expect(script.path == Array(said.file.utf8))
            #expect(script.line == said.line)
            #expect(context.culpritFrame?.call == Array(said.call.utf8))
            #expect(context.pid == said.pid)
            #expect(context.sapi == Array(sapi.utf8))
        }

        @Test func mailIsHandedOver() throws {
            var trace = try LiveTrace(port: port, php: php.binaries())
            let result = try Child(
                php.commandLine(["-d", sendmailPath, script, "\(port)", "\(folder.inside)/said", "mail"])
            ).end()
            #expect(result.status == 0, "\(result.text)")
            let said = try #require(try Said.lines(folder.read("said")).first)
            let handover = try #require(trace.handedOver(1).first)
            #expect(handover.comm == "sendmail")
            #expect(handover.process.description.exe == Array("/usr/bin/msmtp".utf8))
            try check(handover.origin, said, sapi: "cli")
            // It sends by SMTP itself, and its connect has the same origin.
            let connection = try #require(trace.ended(1).first)
            #expect(connection.comm == "sendmail")
            try check(connection.origin, said, sapi: "cli")
        }

        @Test func oneMailIsToldOnce() throws {
            // As Postfix: sendmail starts postdrop.
            let postdrop = "\(folder.inside)/postdrop"
            try FileManager.default.createSymbolicLink(atPath: postdrop, withDestinationPath: "/bin/cat")
            let wrapper = try folder.add("#!/bin/sh\n\(postdrop) >/dev/null\nexit 0\n", to: "exim4")
            try shell("chmod +x \(wrapper)")
            var trace = try LiveTrace(port: port, php: php.binaries())
            let mails = try folder.add("<?php\nmail('a', 'b', 'c');\nmail('a', 'b', 'c');\n", to: "two.php")
            _ = try Child(php.commandLine(["-d", "sendmail_path=\(wrapper)", mails])).end()
            let handovers = trace.handedOver(2)
            #expect(handovers.map(\.comm) == ["exim4", "exim4"])
            #expect(handovers.map { $0.origin?.line } == [2, 3])
        }

        @Test func childrenOfFPMHaveTheRequest() throws {
            let server = try PHPServer.fpm(php, folder, settings: [sendmailPath])
            var trace = try LiveTrace(port: port, php: php.binaries())
            let kinds = ["exec", "mail", "daemon"]
            _ = try FastCGI.request(
                port: server.port,
                PHPServer.variables(
                    script: script, uri: "/contact",
                    ["PORT": "\(port)", "OUT": "\(folder.inside)/said", "KINDS": kinds.joined(separator: ",")]))
            let said = try Said.lines(folder.read("said"))
            #expect(said.map(\.kind) == kinds)
            let connections = trace.ended(3)
            #expect(connections.map(\.comm) == ["bash", "sendmail", "bash"])
            for (connection, said) in zip(connections, said) {
                try check(connection.origin, said, sapi: "fpm-fcgi")
                #expect(connection.php == nil)
                #expect(connection.origin?.context?.path == Array("/contact".utf8))
                #expect(connection.origin?.context?.host == Array("shop.example".utf8))
                #expect(connection.origin?.context?.pool == Array("www".utf8))
            }
            // Its parents had gone when the daemon connected.
            #expect(connections.last?.process.description.ancestors.first?.pid != said.last?.pid)
        }

        @Test func phpStartedByPHPHasBoth() throws {
            let child = try folder.add("<?php\n\n@fsockopen('127.0.0.1', \(port));\n", to: "child.php")
            let command = php.commandLine([child]).joined(separator: " ")
            let parent = try folder.add("<?php\nfunction go() { exec('\(command)'); }\ngo();\n", to: "parent.php")
            var trace = try LiveTrace(port: port, php: php.binaries())
            _ = try Child(php.commandLine([parent])).end()
            let connection = try #require(trace.ended(1).first)
            #expect(connection.php?.path == Array(child.utf8))
            #expect(connection.php?.line == 3)
            #expect(connection.origin?.path == Array(parent.utf8))
            #expect(connection.origin?.line == 2)
            #expect(connection.script === connection.php)
        }

        /// What is started when no PHP code runs has no origin.
        @Test func childrenOfOthersHaveNone() throws {
            var trace = try LiveTrace(port: port, php: php.binaries())
            try shell("exec 3<>/dev/tcp/127.0.0.1/\(port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.origin == nil && connection.php == nil)
        }
    }
}
