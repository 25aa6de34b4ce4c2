import Foundation
import MailWatch
import TestSupport
import Testing

@testable import Scripts

/// Processes with files of their own.
@Suite(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(10)))
struct OtherRootTests {
    private let folder: Folder
    private let inspector = ScriptInspector.patient()

    init() throws { folder = try Folder() }

    @Test func aProcessInItsOwnMountNamespace() throws {
        let path = folder.path
        try folder.write("a.php", "outside")
        let child = try Child([
            "unshare", "-m", "bash", "-c",
            "mount -t tmpfs none \(path) && printf abc > \(path)/a.php && echo up && read -r x",
        ])
        #expect(child.line() == "up")
        let process = try ProcessDescription.live(child.pid)
        #expect(inspector.facts(of: Array("\(path)/a.php".utf8), in: process).size == 3)
        // Through the process that started it, of which no more is known than that it sees the same files.
        let other = inspector.facts(of: Array("\(path)/b.php".utf8), in: process.ended, alsoTry: child.pid)
        #expect(other.obstacle == .missing)
        child.end()
        let gone = ScriptInspector.patient().facts(of: Array("\(path)/a.php".utf8), in: process)
        #expect(gone.obstacle == .outOfReach)
    }

    @Test func aProcessInAChroot() throws {
        let path = folder.path
        try folder.write("etc/passwd.php", "abc")
        try shell("ln -s ../../../../etc/passwd.php \(path)/up")
        let child = try Child(["perl", "-e", "chroot '\(path)' or die; $| = 1; print qq(up\\n); <STDIN>"])
        #expect(child.line() == "up")
        let process = try ProcessDescription.live(child.pid)
        #expect(process.root == Array(path.utf8))
        for name in ["/etc/passwd.php", "/up", "/../../etc/passwd.php"] {
            #expect(inspector.facts(of: Array(name.utf8), in: process).size == 3, "\(name)")
        }
        #expect(inspector.facts(of: Array("/etc/passwd".utf8), in: process).obstacle == .missing)
        child.end()
        // Its root is in our own namespace.
        #expect(ScriptInspector.patient().facts(of: Array("/up".utf8), in: process).size == 3)
    }

    /// A bash in a mount namespace of its own, where folder/jail/a.php has three bytes and `folder`/a.php has four.
    private func namespace() throws -> Child {
        let path = folder.path
        let child = try Child([
            "unshare", "-m", "bash", "-c",
            """
            mount -t tmpfs none \(path) && mkdir \(path)/jail && printf abc >\(path)/jail/a.php &&
                printf abcd >\(path)/a.php && echo up && read -r x
            """,
        ])
        #expect(child.line() == "up")
        return child
    }

    /// A service has a mount namespace of its own, and so have many of those that it is told of.
    @Test func anEndedProcessOfTheHostsNamespaceIsFoundByTheHostsFirst() throws {
        let path = Array("\(folder.path)/a.php".utf8)
        let first = try namespace()
        var process = try ProcessDescription.live(first.pid).ended
        let inspector = ScriptInspector.patient(first: first.pid)
        #expect(inspector.facts(of: path, in: process).size == 4)
        process.root = Array("\(folder.path)/jail".utf8)
        #expect(inspector.facts(of: Array("/a.php".utf8), in: process).size == 3)
        // Without it there is nobody who sees them.
        #expect(ScriptInspector.patient().facts(of: path, in: process).obstacle == .outOfReach)
        process.mountNamespace = 1
        #expect(inspector.facts(of: path, in: process).obstacle == .outOfReach)
    }

    @Test func anEndedProcessOfAnotherNamespaceIsFoundByAnAncestor() throws {
        let path = Array("\(folder.path)/a.php".utf8)
        let parent = try namespace()
        var process = try ProcessDescription.live(parent.pid).ended
        // The nearest has ended too, and the second lives elsewhere.
        process.ancestors = [
            .init(pid: 4_194_306, uid: 0, startTime: 1, comm: []),
            .init(pid: UInt32(getpid()), uid: 0, startTime: 1, comm: []),
            .init(pid: parent.pid, uid: 0, startTime: 1, comm: []),
        ]
        #expect(inspector.facts(of: path, in: process).size == 4)
        process.root = Array("\(folder.path)/jail".utf8)
        #expect(inspector.facts(of: Array("/a.php".utf8), in: process).size == 3)
        process.ancestors.removeLast()
        #expect(ScriptInspector.patient().facts(of: path, in: process).obstacle == .outOfReach)
    }

    @Test func anAncestorInAJailIsNoWayOut() throws {
        try folder.write("a.php", "abcd")
        try folder.write("jail/a.php", "abc")
        let jailed = try Child([
            "unshare", "-m", "perl", "-e", "chroot '\(folder.path)/jail' or die; $| = 1; print qq(up\n); <STDIN>",
        ])
        #expect(jailed.line() == "up")
        var process = try ProcessDescription.live(jailed.pid).ended
        process.ancestors = [.init(pid: jailed.pid, uid: 0, startTime: 1, comm: [])]
        process.root = Array("/".utf8)
        #expect(inspector.facts(of: Array("/a.php".utf8), in: process).obstacle == .outOfReach)
    }

    /// What lies in a folder that anybody can write is the host's file, but nobody's word.
    @Test func onlyTheFileThatTheHostHasThereIsItsOwn() throws {
        let path = folder.path
        try folder.write("a.php", "outside")
        let script = Array("\(path)/a.php".utf8)
        let program = Array("/usr/bin/env".utf8)
        let own = try ProcessDescription.own()
        #expect(inspector.facts(of: script, in: own).standing == .writable)
        #expect(inspector.facts(of: program, in: own).standing == .own(owner: 0))
        #expect(inspector.facts(of: Array("\(path)/none.php".utf8), in: own).standing == .unknown)
        let child = try Child([
            "unshare", "-m", "bash", "-c",
            "mount -t tmpfs none \(path) && printf abc > \(path)/a.php && echo up && read -r x",
        ])
        #expect(child.line() == "up")
        let process = try ProcessDescription.live(child.pid)
        let inspector = ScriptInspector.patient()
        #expect(inspector.facts(of: script, in: process).standing == .foreign)
        #expect(inspector.facts(of: program, in: process).standing == .own(owner: 0))
        child.end()
    }

    @Test func scriptOfAChrootIsTheHostsByItsWholePath() throws {
        let path = folder.path
        try folder.write("srv/a.php", "abc")
        try folder.write("usr/bin/env", "abc")
        let child = try Child(["perl", "-e", "chroot '\(path)' or die; $| = 1; print qq(up\\n); <STDIN>"])
        #expect(child.line() == "up")
        let process = try ProcessDescription.live(child.pid)
        #expect(inspector.facts(of: Array("/srv/a.php".utf8), in: process).standing == .writable)
        // That of the jail, not that of the host.
        #expect(inspector.facts(of: Array("/usr/bin/env".utf8), in: process).standing == .writable)
        child.end()
    }
}
