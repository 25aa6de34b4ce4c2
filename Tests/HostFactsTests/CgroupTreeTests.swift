import Foundation
import MailWatch
import Testing

@testable import HostFacts

/// Who has named a cgroup; folders stand for the cgroup file system.
@Suite(.enabled(if: geteuid() == 0, "needs root"))
struct CgroupTreeTests {
    /// Removed when it goes.
    private final class Folders {
        let base = "/usr/lib/mailsnoop-\(UUID())"

        init(_ folders: [(path: String, owner: Int, mode: Int)]) throws {
            try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
            for folder in folders {
                try FileManager.default.createDirectory(atPath: base + folder.path, withIntermediateDirectories: true)
                try FileManager.default.setAttributes(
                    [.ownerAccountID: folder.owner, .groupOwnerAccountID: 0, .posixPermissions: folder.mode],
                    ofItemAtPath: base + folder.path)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: base) }

        func systemParts(_ path: String) -> Int { CgroupTree(mount: base).systemParts(of: Array(path.utf8)) }
    }

    @Test func partsBelowADelegatedOneAreTheUsers() throws {
        let folders = try Folders([
            ("/a.slice", 0, 0o755), ("/a.slice/deleg", 4211, 0o755), ("/a.slice/deleg/x.service", 0, 0o755),
            ("/open", 0, 0o775), ("/open/lxc.payload.x", 0, 0o755),
        ])
        #expect(folders.systemParts("/") == 0)
        #expect(folders.systemParts("/a.slice") == 1)
        #expect(folders.systemParts("/a.slice/deleg") == 2)
        // Whoever owns the folder can have named it, whosever it is now.
        #expect(folders.systemParts("/a.slice/deleg/x.service") == 2)
        #expect(folders.systemParts("/open/lxc.payload.x") == 1)
    }

    /// A cgroup goes with its last process; so may the proof of who made it.
    @Test func partOfAMissingFolderIsNobodys() throws {
        let folders = try Folders([("/system.slice", 0, 0o755)])
        #expect(folders.systemParts("/system.slice/backup.service") == 2)
        #expect(folders.systemParts("/system.slice/backup.service/x.service") == 2)
        #expect(folders.systemParts("/a/b/c") == 1)
        #expect(folders.systemParts("/kubepods.slice/kubepods-pod1.slice/crio-1.scope/x.service") == 3)
        #expect(folders.systemParts(".../system.slice/backup.service") == 0)
    }

    @Test func linkIsFollowedNowhere() throws {
        let folders = try Folders([("/deleg", 4211, 0o755)])
        try FileManager.default.createSymbolicLink(atPath: folders.base + "/deleg/up", withDestinationPath: "/")
        #expect(folders.systemParts("/deleg/up/usr/x.service") == 1)
    }

    @Test func hierarchyThatIsNotMountedProvesNothing() {
        #expect(CgroupTree(mount: nil).systemParts(of: Array("/system.slice/postfix.service".utf8)) == 0)
    }
}
