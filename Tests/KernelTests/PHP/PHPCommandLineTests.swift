import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// Real PHP of the command line. Each way to connect is compared with what PHP says of itself.
    @Suite struct PHPCommandLineTests {
        private let port: UInt16 = 10_061

        /// Connects in these ways, one after the other, and compares file, line and call.
        private func compare(
            _ php: PHPInstallation, _ kinds: [String], extensions: [String] = [], settings: [String] = []
        ) throws {
            let folder = try PHPFolder(php)
            let script = try folder.add("calls.php")
            try folder.add("plugin.php")
            var trace = try LiveTrace(port: port, php: php.binaries())
            let result = try Child(
                php.commandLine(
                    extensions: extensions,
                    settings.flatMap { ["-d", $0] } + [
                        script, "\(port)", "\(folder.inside)/said", kinds.joined(separator: ","),
                    ]
                )
            ).end()
            #expect(result.status == 0, "\(result.text) \(result.errors)")
            // The daemon takes its time.
            let lines = try Said.lines(folder.read("said"))
            let said = lines.filter { $0.kind != "daemon" } + lines.filter { $0.kind == "daemon" }
            #expect(said.count == kinds.count)
            let connections = trace.ended(said.count)
            #expect(connections.count == said.count)
            for (said, connection) in zip(said, connections) {
                let kind = said.kind ?? ""
                let script = try #require(said.via == "stack" ? connection.php : connection.origin, "\(kind)")
                let context = try #require(script.context)
                let frame = try #require(context.frames.first { $0.kind == .user || $0.kind == .eval }, "\(kind)")
                #expect(String(decoding: frame.file, as: UTF8.self) == said.file, "\(kind)")
                #expect(frame.line == said.line, "\(kind)")
                #expect(String(decoding: frame.call, as: UTF8.self) == said.call, "\(kind)")
                #expect(context.pid == said.pid, "\(kind)")
                #expect(String(decoding: context.sapi, as: UTF8.self) == "cli")
                #expect(String(decoding: context.script, as: UTF8.self) == "\(folder.inside)/calls.php", "\(kind)")
                #expect(context.version == php.series)
                #expect(context.gaps == [], "\(kind)")
                if kind == "recursion" {
                    // debug_backtrace() has say() where the stack has fsockopen(), and the main code has no entry in it.
                    #expect(context.frames.count == (said.depth ?? 0) + 1)
                }
                #expect(script.path == Array(said.file.prefix { $0 != "(" }.utf8), "\(kind)")
            }
            #expect(trace.probe.losses().contexts == 0)
        }

        private static let kinds = [
            "main", "fsockopen", "stream", "async", "http", "eval", "closure", "arrow", "generator", "recursion",
            "anonymous", "callback", "static", "include", "destructor", "exec", "daemon", "shutdown",
        ]

        @Test func theMachinesPHP() throws {
            let php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-cli")
            var kinds = Self.kinds + (php.series >= "8.1" ? ["fiber"] : [])
            // This kernel's children of PHP have no origin.
            if !Probe.hasOrigins { kinds.removeAll { $0 == "exec" || $0 == "daemon" } }
            try compare(php, kinds)
        }

        @Test(arguments: ["8.2", "7.4", "8.4"])
        func withExtensionsAndTheJIT(series: String) throws {
            let isOwn = PHPInstallation.system?.series == series
            let php = try isOwn ? #require(PHPInstallation.system) : PHPInstallation.unpacked(series)
            var kinds = Self.kinds + ["socket", "curl"] + (series >= "8.1" ? ["fiber"] : [])
            // The unpacked ones have no bash.
            if !isOwn { kinds.removeAll { $0 == "exec" || $0 == "daemon" } }
            try compare(php, kinds, extensions: ["sockets", "curl"])
            try compare(
                php, kinds, extensions: ["sockets", "curl", "opcache"],
                settings: ["opcache.enable_cli=1", "opcache.jit_buffer_size=16M", "opcache.jit=tracing"])
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
