import Foundation
import KernelProbe
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// Whose a connection is: also one that was there before, or that goes from one process to another.
    @Suite struct OwnerTests {
        private typealias Server = DialogueTests.Server

        @Test(arguments: [Dialogues.ofPorts, .ofAnyPort]) func aChildThatTalksIsTold(dialogues: Dialogues) throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: dialogues)
            let pid = try server.say([
                "<1", #"EHLO parent.example\r\n"#, "<1", "&", #"MAIL FROM:<a@b.example>\r\n"#, "<1", #"QUIT\r\n"#, "<1",
            ])
            let connection = try #require(trace.ended(1).first)
            #expect(connection.formerProcesses.map(\.description.pid) == [pid])
            #expect(connection.process.description.pid != pid)
            #expect(connection.process.description.ancestors.first?.pid == pid)
        }

        /// Of a connection on another port only who speaks is known.
        @Test func aChildThatTalksFirstIsTold() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            let pid = try server.say(["<1", "&", #"EHLO child.example\r\n"#, "<1", #"QUIT\r\n"#, "<1"])
            let connection = try #require(trace.ended(1).first)
            #expect(connection.formerProcesses.map(\.description.pid) == [pid])
            #expect(connection.process.description.ancestors.first?.pid == pid)
        }

        @Test func aProgramThatIsStartedOnTheConnectionIsTold() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            let pid = try server.say(["<1", "!", #"EHLO new.example\r\n"#, "<1", #"QUIT\r\n"#, "<1"])
            let connection = try #require(trace.ended(1).first)
            #expect(connection.process.description.pid == pid)
            #expect(connection.arguments.dropFirst().first == "go")
            #expect(connection.formerProcesses.map { $0.description.arguments.count } == [10])
        }

        /// One process, and threads of it, are one sender; and a process that only reads does not talk.
        @Test func aProcessAloneHasNoFormer() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            try server.say(["<1", #"EHLO one.example\r\n"#, "<1", #"QUIT\r\n"#, "&", "<1"])
            #expect(try #require(trace.ended(1).first).formerProcesses.isEmpty)
        }

        private func hold(_ server: borrowing Server, _ steps: [String]) throws -> Child {
            try Child([Repository.talker, "say", "127.0.0.1", "\(server.port)"] + steps)
        }

        @Test func connectionsThatWereThereAreTakenOver() throws {
            let server = try Server()
            let children = try (0..<3).map { number in
                try Child([
                    Repository.talker, "say", "127.0.0.1", "\(server.port)", "<1",
                    #"EHLO early\#(number).example\r\n"#, "<1", "?", #"MAIL FROM:<a\#(number)@b.example>\r\n"#, "<1",
                    #"QUIT\r\n"#, "<1",
                ])
            }
            // They wait for their input: each has said EHLO and read the answer by then.
            for child in children { try waitUntilReading(child.pid) }
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            try trace.takeOver()
            let open = trace.tracker.open
            #expect(Set(open.map(\.process.description.pid)) == Set(children.map(\.pid)))
            #expect(open.allSatisfy { $0.beganBefore && $0.state == .open && $0.source.port != 0 })
            for connection in open {
                let process = connection.process.description
                #expect(process.exe == Array(Repository.talker.utf8))
                #expect(connection.arguments.first == Repository.talker)
                #expect(process.uid == getuid() && process.cwd == Array("/".utf8) && process.gaps == [])
                #expect(process.ancestors.first?.pid == UInt32(getpid()))
            }
            for child in children { try child.write("\n") }
            let ended = trace.ended(3)
            #expect(ended.count == 3)
            #expect(ended.allSatisfy { $0.state == .closed && $0.dialogue?.gaps.contains(.bytesMissing) == true })
            #expect(
                Set(ended.compactMap { $0.dialogue?.sender }) == Set((0..<3).map { Array("a\($0)@b.example".utf8) }))
            #expect(trace.probe.followedConnections().isEmpty)
        }

        /// Those that began after the hooks were attached are told by them, and not once more.
        @Test func whatIsFollowedIsNotTakenOver() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, dialogues: .ofPorts)
            let child = try hold(server, ["<1", #"EHLO x.example\r\n"#, "<1", "?", #"QUIT\r\n"#, "<1"])
            _ = try trace.open(.open)
            try trace.takeOver()
            #expect(trace.tracker.openCount == 1)
            try child.write("\n")
            #expect(trace.ended(1).map(\.beganBefore) == [false])
        }

        /// Waits until a talker waits for its input.
        private func waitUntilReading(_ pid: UInt32) throws {
            let deadline = WallClock.uptime + 10_000_000_000
            while WallClock.uptime < deadline {
                let call = try String(contentsOfFile: "/proc/\(pid)/syscall", encoding: .utf8)
                // read(2) of descriptor 0.
                if call.hasPrefix("0 0x0 ") { return }
            }
        }

        /// Idle ones make room for new ones, and are counted.
        @Test func aFullTableMakesRoom() throws {
            let server = try Server()
            var trace = try LiveTrace(port: server.port, followLimit: 16, dialogues: .ofPorts)
            var children: [Child] = []
            for count in 1...13 {
                children.append(try hold(server, ["<1", #"EHLO x.example\r\n"#, "<1", "?", #"QUIT\r\n"#, "<1"]))
                try #require(trace.seen(count) == count)
                _ = try trace.open(.open)
            }
            let idlest = trace.makeRoom()
            // The first two, whichever was greeted first.
            #expect(Set(idlest.map(\.process.description.pid)) == Set(children.prefix(2).map(\.pid)))
            #expect(idlest.allSatisfy { $0.state == .unknown })
            #expect(trace.probe.losses().unfollowed == 2)
            #expect(trace.probe.followedConnections().count == 11)
            #expect(trace.makeRoom().isEmpty)
            for child in children { try child.write("\n") }
            #expect(trace.ended(11).count == 11)
            #expect(trace.probe.followedConnections().isEmpty)
        }
    }
}
