import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// Real PHP of the command line. Each way to connect is compared with what PHP says of itself.
    @Suite struct PHPCommandLineTests {
        private let port: UInt16 = 10_061

        @Test func theMachinesPHP() throws {
            let php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-cli")
            var kinds = PHPCalls.kinds + (php.series >= "8.1" ? ["fiber"] : [])
            // This kernel's children of PHP have no origin.
            if !Probe.hasOrigins { kinds.removeAll { $0 == "exec" || $0 == "daemon" } }
            try PHPCalls(port: port).compare(php, kinds)
        }

        @Test func everyFrameHasItsOwnFileAndClass() throws {
            let php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-cli")
            let folder = try PHPFolder(php)
            let inner = try folder.add(
                "<?php\nclass Inner { function send() { @fsockopen('127.0.0.1', \(port)); } }\n", to: "inner.php")
            let outer = try folder.add(
                "<?php\nrequire 'inner.php';\nclass Outer { function go() { (new Inner)->send(); } }\nfunction run() { (new Outer)->go(); }\n\nrun();\n",
                to: "outer.php")
            var trace = try LiveTrace(port: port, php: php.binaries())
            try Child(php.commandLine([outer]), directory: folder.outside).end()
            let context = try #require(trace.ended(1).first?.php?.context)
            func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
            #expect(context.frames.map { text($0.file) } == ["", inner, outer, outer, outer])
            #expect(context.frames.map { text($0.call) } == ["fsockopen", "Inner::send", "Outer::go", "run", ""])
            #expect(context.frames.map(\.line) == [0, 2, 3, 4, 6])
        }

        @Test func aThousandShortLives() throws {
            let php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-cli")
            let folder = try PHPFolder(php)
            let script = try folder.add(
                "<?php function work() { @fsockopen('127.0.0.1', (int)$GLOBALS['argv'][1]); }\nwork();\n",
                to: "short.php")
            var trace = try LiveTrace(port: port, php: php.binaries())
            let count = Machine.isEmulated ? 11 : 1009
            let command = php.commandLine([script, "\(port)"]).joined(separator: " ")
            try shell("seq \(count) | xargs -P 2 -n 1 \(command)")
            let connections = trace.ended(count)
            #expect(connections.count == count)
            #expect(Set(connections.map(\.process.description.pid)).count == count)
            for connection in connections {
                let context = try #require(connection.php?.context)
                #expect(context.pid == connection.process.description.pid)
                #expect(context.frames.map { String(decoding: $0.call, as: UTF8.self) } == ["fsockopen", "work", ""])
                #expect(context.frames.map(\.line) == [0, 1, 2])
                #expect(context.gaps == [])
            }
        }
    }
}
