import Foundation
import KernelProbe
import MailWatch
import PHPRuntime
import TestSupport
import Testing

/// The ways to connect of Tests/php/calls.php, each compared with what PHP says of itself.
struct PHPCalls {
    let port: UInt16

    /// Connects in these ways, one after the other, and compares file, line and call.
    func compare(
        _ php: PHPInstallation, _ kinds: [String], extensions: [String] = [], settings: [String] = []
    ) throws {
        let folder = try PHPFolder(php)
        let script = try folder.add("calls.php")
        try folder.add("plugin.php")
        let numbers = php.series.split(separator: ".").compactMap { Int($0) }
        let (layout, isVerified) = try #require(PHPLayout.layout(major: numbers[0], minor: numbers[1]))
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
            #expect(context.version == layout.series)
            #expect(context.gaps == (isVerified ? [] : .unverified), "\(kind)")
            if kind == "recursion" {
                // debug_backtrace() has say() where the stack has fsockopen(), and the main code has no entry in it.
                #expect(context.frames.count == (said.depth ?? 0) + 1)
            }
            #expect(script.path == Array(said.file.prefix { $0 != "(" }.utf8), "\(kind)")
        }
        #expect(trace.probe.losses().contexts == 0)
    }

    static let kinds = [
        "main", "fsockopen", "stream", "async", "http", "eval", "closure", "arrow", "generator", "recursion",
        "anonymous", "callback", "static", "include", "destructor", "exec", "daemon", "shutdown",
    ]
}
