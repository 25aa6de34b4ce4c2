import Dispatch
import Foundation
import MailWatch
import Synchronization
import Testing

@testable import HostFacts

struct NameResolverTests {
    /// A name server that counts.
    private final class Server: Sendable {
        let questions = Mutex<[IPAddress]>([])
        let name: [UInt8]?

        init(_ name: [UInt8]?) { self.name = name }

        func ask(_ address: IPAddress) -> [UInt8]? {
            questions.withLock { $0.append(address) }
            return name
        }

        var asked: [IPAddress] { questions.withLock { $0 } }
    }

    private let worker = DispatchQueue(label: "names")
    private let name = Array("mx.example.net".utf8)

    private func address(_ number: Int) -> IPAddress { IPAddress(ipv4: 0xC000_0200 + UInt32(number)) }

    /// All that was asked for is answered by then.
    private func finish() { worker.sync {} }

    @Test func nobodyWaitsForAName() {
        let server = Server(name)
        let resolver = NameResolver(worker: worker, ask: server.ask)
        worker.suspend()
        #expect(resolver.name(of: address(1)) == nil)
        #expect(resolver.name(of: address(1)) == nil)
        worker.resume()
        finish()
        #expect(resolver.name(of: address(1)) == name)
        finish()
        #expect(server.asked == [address(1)])
    }

    @Test(arguments: [nil, [], [UInt8](repeating: 0x61, count: 254)])
    func whatHasNoNameIsNotAskedForAgain(name: [UInt8]?) {
        let server = Server(name)
        let resolver = NameResolver(worker: worker, ask: server.ask)
        for _ in 1...3 {
            #expect(resolver.name(of: address(1)) == nil)
            finish()
        }
        #expect(server.asked == [address(1)])
    }

    @Test func longestNameIsOne() {
        let longest = [UInt8](repeating: 0x61, count: 253)
        let resolver = NameResolver(worker: worker, ask: Server(longest).ask)
        _ = resolver.name(of: address(1))
        finish()
        #expect(resolver.name(of: address(1)) == longest)
    }

    @Test func questionsThatWaitAreBounded() {
        let server = Server(name)
        let resolver = NameResolver(waitingLimit: 3, worker: worker, ask: server.ask)
        worker.suspend()
        for number in 1...97 { _ = resolver.name(of: address(number)) }
        worker.resume()
        finish()
        #expect(server.asked == (1...3).map(address))
        // What found no room is asked for later.
        _ = resolver.name(of: address(97))
        finish()
        #expect(resolver.name(of: address(97)) == name)
    }

    @Test func answersAreBounded() {
        let server = Server(name)
        let resolver = NameResolver(knownLimit: 5, worker: worker, ask: server.ask)
        for number in 1...6 {
            _ = resolver.name(of: address(number))
            finish()
        }
        #expect(resolver.name(of: address(6)) == name)
        #expect(resolver.name(of: address(1)) == nil)
    }

    /// As getent(1) names them by /etc/hosts.
    @Test(arguments: ["127.0.0.1", "::1"]) func systemNamesLoopback(address: String) throws {
        let resolver = NameResolver(worker: worker, ask: NameResolver.askSystem)
        let loopback = try #require(IPAddress(address))
        #expect(resolver.name(of: loopback) == nil)
        finish()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/getent")
        process.arguments = ["hosts", address]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let words = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace)
        #expect(
            resolver.name(of: loopback).map { String(decoding: $0, as: UTF8.self) }
                == words.dropFirst().first.map(String.init))
    }
}
