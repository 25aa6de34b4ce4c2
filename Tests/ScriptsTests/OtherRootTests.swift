import Foundation
import MailWatch
import TestSupport
import Testing

@testable import Scripts

/// Processes with files of their own.
@Suite(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(1)))
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
