import Foundation
import HostFacts
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    @Suite struct IdentityTests {
        private let port: UInt16 = 10_007

        @Test func aConnectTellsWhoMadeIt() throws {
            var trace = try LiveTrace(port: port)
            let child = try Child(
                [Repository.connector, "once", "127.77.0.1", "\(port)", "marker one", "zwölf"], directory: "/usr/bin")
            child.end()
            let connection = try #require(trace.ended(1).first)
            let process = connection.process.description

            #expect(process.pid == child.pid)
            #expect(connection.thread == child.pid)
            #expect(process.comm == Array("connector".utf8))
            #expect(process.exe == Array(Repository.connector.utf8))
            #expect(!process.isExeDeleted)
            #expect(process.cwd == Array("/usr/bin".utf8))
            #expect(
                connection.arguments == [Repository.connector, "once", "127.77.0.1", "\(port)", "marker one", "zwölf"])
            #expect(
                [process.uid, process.gid, process.effectiveUID, process.effectiveGID] == [0, getgid(), 0, getgid()])
            #expect(process.loginUID == loginUID())
            #expect(process.ancestors.first?.pid == UInt32(getpid()))
            #expect(process.ancestors.dropFirst().first?.pid == UInt32(getppid()))
            #expect(process.startTime < connection.connectTime)
            #expect(process.startTime + 60_000_000_000 > connection.connectTime)
            #expect(process.networkNamespace == namespaceInode("net"))
            #expect(process.cgroupPath == cgroupPath())
            #expect(process.gaps == [])
            #expect(connection.destination == Endpoint(address: IPAddress("127.77.0.1")!, port: port))
            #expect(connection.source.address == IPAddress("127.0.0.1"))
            #expect(connection.source.port > 0)
            #expect((connection.cookie != 0) == Probe.hasSocketCookies)
        }

        @Test func anotherUserAndGroupAreTold() throws {
            var trace = try LiveTrace(port: port)
            try require(
                "setpriv --reuid 65534 --regid 65533 --clear-groups \(Repository.connector) once 127.77.0.2 \(port) || true"
            )
            let process = try #require(trace.ended(1).first).process.description
            #expect([process.uid, process.effectiveUID] == [65534, 65534])
            #expect([process.gid, process.effectiveGID] == [65533, 65533])
        }

        @Test func aProcessIsDescribedOnce() throws {
            var trace = try LiveTrace(port: port)
            try connector("once", "--repeat", "997", "127.77.0.3", "\(port)")
            let connections = trace.ended(997)
            #expect(connections.count == 997)
            #expect(trace.descriptions == 1)
            #expect(Set(connections.map(\.process.identity)).count == 1)
        }

        @Test func aThreadIsToldFromItsProcess() throws {
            var trace = try LiveTrace(port: port)
            let (pid, output) = try connector("thread", "--name", "worker-thr", "127.77.0.4", "\(port)")
            let connection = try #require(trace.ended(1).first)
            #expect(connection.process.description.pid == pid)
            #expect(connection.thread == UInt32(output.trimmingCharacters(in: .newlines)))
            #expect(connection.thread != pid)
            #expect(connection.threadName == Array("worker-thr".utf8))
            #expect(connection.comm == "connector")
        }

        @Test func aNewNameDescribesAgain() throws {
            var trace = try LiveTrace(port: port)
            try connector("rename", "--name", "httpd", "--between", "127.77.0.5", "\(port)")
            #expect(trace.ended(2).map(\.comm) == ["connector", "httpd"])
            #expect(trace.descriptions == 2)
        }

        @Test(arguments: ["httpd", "sendmail: accepting connections " + String(repeating: "x", count: 300)])
        func aNewTitleDescribesAgain(title: String) throws {
            var trace = try LiveTrace(port: port)
            try connector("retitle", "--title", title, "--between", "127.77.0.6", "\(port)")
            let connections = trace.ended(2)
            #expect(connections.first?.arguments.dropFirst().first == "retitle")
            // Where the exec was not seen, what runs on into the environment is left out.
            let last = try #require(connections.last?.arguments)
            #expect(Probe.hasOrigins ? last == [title] : title.hasPrefix(last.joined()))
            #expect(trace.descriptions == 2)
        }

        @Test func aNewDirectoryDescribesAgain() throws {
            var trace = try LiveTrace(port: port)
            try connector("chdir", "--to", "/usr/lib", "127.77.0.7", "\(port)")
            #expect(trace.ended(2).map(\.process.description.cwd) == [Array("/".utf8), Array("/usr/lib".utf8)])
        }

        @Test func aDeletedProgramIsSaidToBe() throws {
            var trace = try LiveTrace(port: port)
            let copy = "/tmp/mailsnoop-test-\(UInt32.random(in: 0...UInt32.max))"
            // A descriptor keeps the file, so that it can be run after its name has gone.
            try require(
                """
                cp \(Repository.connector) \(copy); exec 3<\(copy); rm \(copy)
                /proc/self/fd/3 once 127.77.0.8 \(port) || true
                """)
            let process = try #require(trace.ended(1).first).process.description
            #expect(process.isExeDeleted)
            #expect(process.exe == Array(copy.utf8))
        }

        @Test func argvBeyondTheLimitIsSaidToBeCut() throws {
            var trace = try LiveTrace(port: port)
            let long = String(repeating: "0123456789", count: 300)
            try connector("once", "127.77.0.9", "\(port)", long)
            let process = try #require(trace.ended(1).first).process.description
            #expect(process.gaps == .argvTruncated)
            #expect(process.argv.count == 1023)
        }

        @Test func hostileArgvComesAsItIs() throws {
            var trace = try LiveTrace(port: port)
            let hostile = "\u{1B}]0;x\u{7}\r\n=cmd\u{202E}\",'"
            try connector("once", "127.77.0.10", "\(port)", hostile)
            #expect(trace.ended(1).first?.arguments.last == hostile)
        }

        @Test func aDeepDirectoryIsWhole() throws {
            var trace = try LiveTrace(port: port)
            let directory = "/tmp/mailsnoop-test-\(UInt32.random(in: 0...UInt32.max))"
            let deep = directory + String(repeating: "/0123456789", count: 40)
            try require("mkdir -p \(deep)")
            defer { _ = try? require("rm -r \(directory)") }
            try Child([Repository.connector, "once", "127.77.0.11", "\(port)"], directory: deep).end()
            #expect(trace.ended(1).first?.process.description.cwd == Array(deep.utf8))
        }

        private func loginUID() -> UInt32? {
            let text = try? String(contentsOfFile: "/proc/self/loginuid", encoding: .utf8)
            return text.flatMap { UInt32($0.trimmingCharacters(in: .newlines)) }.flatMap { $0 == .max ? nil : $0 }
        }

        /// The link reads `net:[4026531840]`.
        private func namespaceInode(_ name: String) -> UInt32? {
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(name)")
            return link.flatMap { UInt32($0.drop { $0 != "[" }.dropFirst().dropLast()) }
        }

        /// The line of the v2 hierarchy, cgroups(7).
        private func cgroupPath() -> [UInt8] {
            let text = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").first { $0.hasPrefix("0::") }.map { Array($0.utf8.dropFirst(3)) } ?? []
        }
    }
}
