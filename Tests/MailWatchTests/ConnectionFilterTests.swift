import MailWatch
import Testing

struct ConnectionFilterTests {
    /// pid 4242, user 33 with the effective user 8, exe as given.
    private func connection(exe: [UInt8] = Array("/usr/bin/php8.2".utf8)) throws -> Connection {
        var process = ProcessDescription.sample
        process.effectiveUID = 8
        process.exe = exe
        var tracker = Tracker { _ in Placement() }
        return try tracker.connection(.connect(2, description: process, threadName: "smtp-out"))
    }

    private func matches(_ change: (inout ConnectionFilter) -> Void) throws -> Bool {
        var filter = ConnectionFilter()
        change(&filter)
        return filter.matches(try connection())
    }

    @Test func emptyFilterWantsAll() throws {
        #expect(try matches { _ in })
    }

    @Test(arguments: [([4242], true), ([4243], false), ([1, 4242], true), ([1, 2], false)] as [([UInt32], Bool)])
    func pidIsTheProcessNotTheThread(pids: [UInt32], isWanted: Bool) throws {
        #expect(try matches { $0.pids = pids } == isWanted)
    }

    @Test(arguments: [([33], true), ([8], true), ([0], false), ([0, 8], true)] as [([UInt32], Bool)])
    func userIsTheRealOrTheEffectiveOne(users: [UInt32], isWanted: Bool) throws {
        #expect(try matches { $0.users = users } == isWanted)
    }

    @Test(arguments: [
        (["php"], true), (["smtp-out"], true), (["ph"], false), (["php "], false), (["PHP"], false), ([""], false),
        (["x", "php"], true),
    ])
    func nameIsThatOfTheProcessOrTheThread(comms: [String], isWanted: Bool) throws {
        #expect(try matches { $0.comms = comms } == isWanted)
    }

    @Test(arguments: [
        ("/usr/bin/php8.2", true), ("/usr/bin/php*", true), ("/usr/*", true), ("*", true), ("*php8.?", true),
        ("/usr/bin/php8.[0-4]", true), ("/usr/bin/php", false), ("php8.2", false), ("/USR/*", false),
        ("/usr/bin/php8.[", false), ("", false),
    ])
    func programIsAPattern(pattern: String, isWanted: Bool) throws {
        #expect(try matches { $0.exes = [pattern] } == isWanted)
    }

    @Test func everyListMustAgree() throws {
        #expect(
            try matches {
                $0.pids = [4242]
                $0.users = [33]
                $0.comms = ["php"]
                $0.exes = ["/usr/*"]
            })
        #expect(
            try !matches {
                $0.pids = [4242]
                $0.users = [0]
            })
    }

    /// Whoever chooses the name of a program cannot hide it from a pattern.
    @Test(arguments: [[0xFF], [0xE2, 0x80], [0x0A], [0x5C], [0xF0, 0x9F, 0x91, 0x8D]] as [[UInt8]])
    func strangeBytesInAPathDoNotHideIt(name: [UInt8]) throws {
        var filter = ConnectionFilter()
        filter.exes = ["/tmp/*"]
        #expect(filter.matches(try connection(exe: Array("/tmp/".utf8) + name + Array("x".utf8))))
    }
}
