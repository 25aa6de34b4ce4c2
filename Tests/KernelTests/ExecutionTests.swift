import Foundation
import HostFacts
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// What a process was when its program started, and in which namespaces it is.
    @Suite struct ExecutionTests {
        private let port: UInt16 = 10_061

        /// The process of the only connect of a command, which ends by itself.
        private func process(_ command: String..., directory: String = "/") throws -> ProcessDescription {
            var trace = try LiveTrace(port: port)
            try Child(command, directory: directory).end()
            return try #require(trace.ended(1).first).process.description
        }

        /// Nil where this kernel cannot tell, and only there.
        private func execution(_ process: ProcessDescription) throws -> ProcessDescription.Execution? {
            try #require((process.execution != nil) == Probe.hasOrigins)
            return process.execution
        }

        @Test func anUnchangedProcessIsAsAtItsExec() throws {
            let process = try process(
                Repository.connector, "once", "127.78.0.1", "\(port)", "", "a b", "", "", directory: "/usr/lib")
            guard let execution = try execution(process) else { return }
            #expect(execution.argv == process.argv)
            #expect(execution.cwd == Array("/usr/lib".utf8))
            #expect(execution.exeInode == process.exeInode && execution.exeInode != 0)
            #expect(execution.exeDevice == process.exeDevice)
            #expect(!execution.isArgvTruncated)
            #expect(process.arguments.suffix(4).map { String(decoding: $0, as: UTF8.self) } == ["", "a b", "", ""])
        }

        @Test func aNewTitleAndDirectoryLeaveTheExec() throws {
            let titled = try process(
                Repository.connector, "retitle", "--title", "httpd", "127.78.0.2", "\(port)", directory: "/usr/bin")
            #expect(titled.arguments.map { String(decoding: $0, as: UTF8.self) } == ["httpd"])
            guard let execution = try execution(titled) else { return }
            #expect(execution.arguments.dropFirst().first.map(Array.init) == Array("retitle".utf8))

            var trace = try LiveTrace(port: port)
            try Child(
                [Repository.connector, "chdir", "--to", "/usr/lib", "127.78.0.3", "\(port)"], directory: "/usr/bin"
            ).end()
            let last = try #require(trace.ended(2).last).process.description
            #expect(last.cwd == Array("/usr/lib".utf8))
            #expect(last.execution?.cwd == Array("/usr/bin".utf8))
        }

        @Test func anOrphanHasTheExecOfItsParent() throws {
            let process = try process(Repository.connector, "orphan", "127.78.0.4", "\(port)", "marker")
            guard let execution = try execution(process) else { return }
            #expect(execution.argv == process.argv)
            #expect(execution.arguments.last.map(Array.init) == Array("marker".utf8))
            #expect(execution.exeInode == process.exeInode)
        }

        /// A shell's child is the shell's program; what it executes is not.
        @Test func aChildThatExecutesHasItsOwn() throws {
            let process = try process("/bin/sh", "-c", "\(Repository.connector) once 127.78.0.5 \(port); true")
            guard let execution = try execution(process) else { return }
            #expect(execution.arguments.first.map(Array.init) == Array(Repository.connector.utf8))
        }

        @Test(
            arguments: [
                ("LD_PRELOAD=/x.so", true, false), ("LD_AUDIT=/x.so", true, false), ("LD_LIBRARY_PATH=/x", true, false),
                ("GCONV_PATH=/x", true, false), ("OPENSSL_CONF=/x", true, false), ("PERL5OPT=-Mx", false, true),
                ("PYTHONPATH=/x", false, true), ("NODE_OPTIONS=-r x", false, true), ("BASH_ENV=/x", false, true),
                ("PHPRC=/x", false, true), ("XLD_PRELOAD=/x.so", false, false), ("X=LD_PRELOAD=", false, false),
                ("LANG=C", false, false), ("PYTHONUNBUFFERED=1", false, false), ("PERL=1", false, false),
            ])
        func variablesThatLoadCodeAreSeen(
            variable: (text: String, isLoader: Bool, isInterpreter: Bool)
        ) throws {
            var trace = try LiveTrace(port: port)
            // At each place of a word, and across the edges of what is searched at a time.
            let paddings = Array(0..<8) + Array(499..<515) + [4001]
            for padding in paddings {
                try Child(
                    ["/usr/bin/env", "-i", "A=" + String(repeating: "x", count: padding), variable.text, "B="]
                        + [Repository.connector, "once", "127.78.0.6", "\(port)"]
                ).end()
            }
            let processes = trace.ended(paddings.count).map(\.process.description)
            #expect(processes.count == paddings.count)
            for process in processes {
                guard let execution = try execution(process) else { continue }
                #expect(execution.hasLoaderVariables == variable.isLoader)
                #expect(execution.hasInterpreterVariables == variable.isInterpreter)
                #expect(!execution.isEnvironmentTruncated)
            }
        }

        @Test func anEnvironmentBeyondTheLimitIsSaidToBeCut() throws {
            let process = try process(
                "/usr/bin/env", "-i", "A=" + String(repeating: "x", count: 17_011), "LD_PRELOAD=/x.so",
                Repository.connector, "once", "127.78.0.7", "\(port)")
            #expect(try execution(process).map(\.isEnvironmentTruncated) ?? true)
        }

        /// A title without its NUL would end with the environment.
        @Test(arguments: [nil, 67, 71, 89])
        func theEnvironmentIsNeverInArgv(length: Int?) throws {
            let size = length.map { ["--length", "\(Repository.connector.utf8.count + $0)"] } ?? []
            let process = try process(
                ["/usr/bin/env", "-i", "SECRET=passw0rd-passw0rd-passw0rd-passw0rd", Repository.connector, "retitle"]
                    + ["--title", "Z", "--unterminated"] + size + ["127.78.0.8", "\(port)"])
            let text = String(decoding: process.argv, as: UTF8.self)
            #expect(text.allSatisfy { $0 == "Z" || $0 == "\0" })
            #expect(text.hasPrefix("ZZZZZZZ"))
            #expect(process.gaps.contains(.argvTruncated))
        }

        private func process(_ command: [String]) throws -> ProcessDescription {
            var trace = try LiveTrace(port: port)
            try Child(command).end()
            return try #require(trace.ended(1).first).process.description
        }

        /// By the file that was executed, whatever the process says its program is.
        @Test(arguments: ["/usr/bin/env", "/usr/bin/sleep"])
        func anotherExeIsToldFromTheOneThatWasExecuted(path: String) throws {
            let program = URL(filePath: path).resolvingSymlinksInPath().path
            let process = try process(
                Repository.connector, "disguise", "--program", program, "127.78.0.9", "\(port)")
            #expect(process.exe == Array(program.utf8))
            guard let execution = try execution(process) else { return }
            #expect(execution.exeInode != process.exeInode)
        }

        @Test func namespacesAreThoseOfTheCredentialsAndTheExe() throws {
            let own = try process(Repository.connector, "once", "127.78.0.10", "\(port)")
            #expect(own.userNamespace == namespaceInode("user"))
            #expect(own.exeMountNamespace == namespaceInode("mnt"))
            #expect(own.exeMountOwner == own.userNamespace)
            #expect(own.mountNamespace == own.exeMountNamespace)

            let other = try process("unshare", "-Urm", Repository.connector, "once", "127.78.0.11", "\(port)")
            #expect(other.userNamespace != own.userNamespace && other.userNamespace != 0)
            #expect(other.exeMountNamespace == other.mountNamespace)
            #expect(other.exeMountNamespace != own.exeMountNamespace)
            #expect(other.exeMountOwner == other.userNamespace)

            // What root makes is the host's.
            let byRoot = try process("unshare", "-m", Repository.connector, "once", "127.78.0.12", "\(port)")
            #expect(byRoot.exeMountNamespace != own.exeMountNamespace)
            #expect(byRoot.exeMountOwner == own.exeMountOwner)
        }

        /// By a descriptor of a file in the host's namespace, and of one in none.
        @Test func anExeOfAnotherMountNamespaceIsSaidToBe() throws {
            let foreign = try process(
                "bash", "-c",
                "exec 3<\(Repository.connector); exec unshare -Urm /proc/self/fd/3 once 127.78.0.13 \(port)")
            #expect(foreign.exeMountNamespace == namespaceInode("mnt"))
            #expect(foreign.mountNamespace != foreign.exeMountNamespace)
        }

        @Test func systemdsOwnGroupIsTold() throws {
            let process = try process(Repository.connector, "once", "127.78.0.14", "\(port)")
            let text = try String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.contains(":name=systemd:") }
            let path = line.map { Array($0.split(separator: ":", maxSplits: 2)[2].utf8) }
            #expect(process.legacyCgroupPath == path)
        }

        @Test func executionsAreKeptApart() throws {
            var trace = try LiveTrace(port: port)
            for index in 0..<23 {
                try connector(index % 2 == 0 ? "once" : "orphan", "127.78.0.15", "\(port)", "id=\(index)")
            }
            let found = trace.ended(23).map(\.process.description)
            #expect(found.count == 23)
            for process in found where Probe.hasOrigins { #expect(process.execution?.argv == process.argv) }
        }

        private func namespaceInode(_ name: String) -> UInt32? {
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(name)")
            return link.flatMap { UInt32($0.drop { $0 != "[" }.dropFirst().dropLast()) }
        }
    }
}
