import Foundation
import HostFacts
import MailWatch
import TestSupport
import Testing

@testable import Scripts

/// A folder that goes with the test.
final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(path: "scripts-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file below it, with its folders. Its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}

extension ProcessDescription {
    /// The process of that number as the kernel describes it.
    static func live(_ pid: UInt32) throws -> ProcessDescription {
        var process = ProcessDescription()
        process.pid = pid
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = stat[try #require(stat.lastIndex(of: ")"))...].split(separator: " ")
        // The kernel's number is finer than what stat tells.
        process.startTime = try #require(UInt64(fields[20])) * 10_000_000 + 4_999_999
        // mnt:[4026531841]
        let namespace = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/mnt")
        process.mountNamespace = try #require(UInt32(namespace.filter(\.isNumber)))
        process.root = Array(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/root").utf8)
        return process
    }

    static func own() throws -> ProcessDescription { try live(UInt32(getpid())) }

    /// The same, when it has ended: no process has this number.
    var ended: ProcessDescription {
        var process = self
        process.pid = 4_194_305
        return process
    }
}

extension ScriptInspector {
    /// Waits as long as a busy host may need.
    static func patient(first: UInt32 = 1) -> ScriptInspector {
        var limits = Workers.Limits()
        limits.deadline = .seconds(60)
        limits.processorTime = .seconds(60)
        return ScriptInspector(first: first, workers: Workers(limits), users: UserNames())
    }

    /// The facts, once they are known.
    func facts(
        of path: [UInt8], in process: ProcessDescription, alsoTry pid: UInt32? = nil,
        startedAt startTime: UInt64? = nil, others: [[UInt8]] = []
    ) -> ScriptFacts {
        let late = find(path, in: process, alsoTry: pid, startedAt: startTime, others: others)
        while !late.isSettled { usleep(100) }
        return late.value
    }
}

struct ScriptInspectorTests {
    private let folder: Folder
    private let inspector = ScriptInspector.patient()
    private let own: ProcessDescription

    init() throws {
        folder = try Folder()
        own = try .own()
    }

    private func facts(_ path: String) -> ScriptFacts { inspector.facts(of: Array(path.utf8), in: own) }

    /// In a container the host's name for a number is somebody else's.
    @Test func ownerOfAContainersFileIsANumber() throws {
        let path = try folder.write("a.php", "abc")
        let late = inspector.find(Array(path.utf8), in: try .own(), namesOwner: false)
        while !late.isSettled { usleep(100) }
        #expect(late.value.uid == getuid())
        #expect(late.value.owner == nil)
    }

    @Test func whatIsKnownOfAFile() throws {
        let path = try folder.write("w/wp-content/plugins/x/x.php", "abc")
        try folder.write("w/wp-includes/version.php", "<?php\n$wp_version = '6.1.9';\n")
        try shell("touch -d @1700000000.5 \(path)")
        let facts = facts(path)
        #expect(facts.obstacle == nil)
        #expect(facts.uid == getuid())
        #expect(facts.owner == NSUserName())
        #expect(facts.size == 3)
        #expect(facts.modificationTime == 1_700_000_000_500_000_000)
        // FIPS 180-2, appendix B.1.
        #expect(
            facts.sha256?.map { String(format: "%02x", $0) }.joined()
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            facts.application
                == WebApplication(
                    kind: .wordPress, version: "6.1.9", root: Array((folder.path + "/w").utf8),
                    component: .init(kind: .plugin, name: Array("x".utf8))))
    }

    @Test func evaluatedCodeIsOfItsFile() throws {
        let path = try folder.write("a.php", "abc")
        #expect(facts(path + "(12) : eval()'d code").size == 3)
    }

    @Test func aFileThatHasGoneStillHasAnApplication() throws {
        try folder.write("w/wp-load.php", "")
        let facts = facts(folder.path + "/w/wp-content/uploads/x.php")
        #expect(facts.obstacle == .missing)
        #expect(facts.sha256 == nil)
        #expect(facts.application?.component?.kind == .uploads)
    }

    @Test func eightMebibytesAreHashedAndNotMore() throws {
        let path = folder.path + "/x.php"
        try shell("truncate -s 8M \(path); truncate -s \((8 << 20) + 1) \(path)2; truncate -s 1T \(path)3")
        #expect(facts(path).sha256?.count == 32)
        for other in ["2", "3"] {
            #expect(facts(path + other).obstacle == .tooLarge)
            #expect(facts(path + other).sha256 == nil)
            #expect(facts(path + other).uid == getuid())
        }
    }

    @Test func aVersionFileOfAGigabyteIsReadInPart() throws {
        let path = try folder.write("wp-includes/version.php", "$wp_version = '6.1.9';")
        try shell("truncate -s 1G \(path)")
        #expect(facts(path).application?.version == "6.1.9")
    }

    @Test func whatIsNoFileIsNotOpened() throws {
        let path = folder.path
        try shell(
            """
            cd \(path); mkfifo fifo; mkdir -p w/wp-includes directory; mkfifo w/wp-includes/version.php
            ln -s a b; ln -s b a; ln -s /proc/self/cmdline magic; ln -s /proc/self/exe exe
            perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => q(socket), Listen => 1)"
            """)
        for name in ["fifo", "directory", "a", "magic", "exe", "socket", "a/x.php"] {
            #expect(facts(path + "/" + name).obstacle == .unreadable, "\(name)")
        }
        #expect(facts("/dev/null").obstacle == .unreadable)
        #expect(facts("/proc/kmsg").obstacle == .unreadable)
        #expect(facts(path + "/w/x.php").obstacle == .missing)
        #expect(facts(path + "/w/x.php").application?.kind == .wordPress)
    }

    /// They are those of whoever looks: nothing is told of them.
    @Test(arguments: ["/proc/self/environ", "/proc/thread-self/comm", "/proc/self/fd/0", "/proc/self/cwd/x.php"])
    func whatTheProcHasForTheLookerIsUnreadable(path: String) {
        let facts = facts(path)
        #expect(facts.obstacle == .unreadable)
        #expect(facts.uid == nil && facts.size == nil)
    }

    /// The kernel follows the link before `..`.
    @Test func whatLeadsBehindALinkIsFollowed() throws {
        try folder.write("a/wp-load.php", "")
        try folder.write("a/x.php", "innocent")
        try folder.write("b/x.php", "abc")
        try shell("mkdir \(folder.path)/b/c; ln -s ../b/c \(folder.path)/a/link")
        let facts = facts(folder.path + "/a/link/../x.php")
        #expect(facts.size == 3)
        #expect(facts.application == nil)
    }

    @Test(arguments: ["", "x.php", "a/../x.php", "/x\0.php", "phar://x.phar/a.php", "http://x/y.php"])
    func whatIsNoPathIsUnreadable(path: String) {
        var nothing = ScriptFacts()
        nothing.obstacle = .unreadable
        #expect(facts(path) == nothing)
    }

    @Test func namesMayHoldAnyByte() throws {
        let name: [UInt8] = [0x1b, 0x5b, 0x0a, 0xff, 0x27]
        let path = Array((folder.path + "/").utf8) + name
        // The name ends with NUL.
        close(unsafe creat(path.map(CChar.init(bitPattern:)) + [0], 0o600))
        #expect(inspector.facts(of: path, in: own).size == 0)
        #expect(inspector.facts(of: path + Array("/x".utf8), in: own).obstacle == .missing)
        let long = Array("/".utf8) + [UInt8](repeating: 0x61, count: 300)
        #expect(inspector.facts(of: long, in: own).obstacle == .unreadable)
        #expect(inspector.facts(of: [UInt8](repeating: 0x2f, count: 5000), in: own).obstacle == .unreadable)
    }

    @Test func anEndedProcessOfOurNamespaceHasOurFiles() throws {
        let path = try folder.write("srv/a.php", "abc")
        #expect(inspector.facts(of: Array(path.utf8), in: own.ended).size == 3)
        var jailed = own.ended
        jailed.root = Array(folder.path.utf8)
        #expect(inspector.facts(of: Array("/srv/a.php".utf8), in: jailed).size == 3)
        // A root that does not fit is not taken.
        #expect(inspector.facts(of: Array(path.utf8), in: jailed).obstacle == .missing)
    }

    @Test func linksStayBelowTheRoot() throws {
        let root = folder.path + "/jail"
        try folder.write("jail/etc/shadow", "abc")
        try folder.write("outside.php", "abcd")
        try shell("ln -s ../../../../../../etc/shadow \(root)/up; ln -s /etc/shadow \(root)/all")
        var jailed = own.ended
        jailed.root = Array(root.utf8)
        for name in ["/up", "/all", "/../../etc/shadow"] {
            #expect(inspector.facts(of: Array(name.utf8), in: jailed).size == 3, "\(name)")
        }
        #expect(inspector.facts(of: Array("/../outside.php".utf8), in: jailed).obstacle == .missing)
    }

    @Test func anotherProcessOfThatNumberIsNotTaken() throws {
        let path = Array(try folder.write("a.php", "abc").utf8)
        var other = own
        other.startTime += 10_000_000
        other.mountNamespace = 1
        #expect(inspector.facts(of: path, in: other).obstacle == .outOfReach)
        // Its starter may be there.
        let pid = UInt32(getpid())
        #expect(inspector.facts(of: path, in: other, alsoTry: pid).obstacle == .outOfReach)
        #expect(inspector.facts(of: path, in: other, alsoTry: pid, startedAt: other.startTime).obstacle == .outOfReach)
        #expect(inspector.facts(of: path, in: other, alsoTry: pid, startedAt: own.startTime).size == 3)
    }

    @Test func theStarterIsKnownAsAnAncestor() throws {
        let path = Array(try folder.write("a.php", "abc").utf8)
        var process = own.ended
        process.mountNamespace = 1
        process.ancestors = [.init(pid: own.pid, uid: 0, startTime: own.startTime, comm: [])]
        #expect(inspector.facts(of: path, in: process, alsoTry: own.pid).size == 3)
    }
}
