import Foundation
import MailWatch
import TestSupport
import Testing

@testable import Scripts

/// The walk below a root, held against the kernel's own.
@Suite(.timeLimit(.minutes(10)))
struct PathWalkTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func jail() throws -> RootDirectory {
        guard let jail = Descriptor.open(folder.path + "/jail", flags: pathOnly | O_DIRECTORY) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return RootDirectory(jail)
    }

    /// What openat2(2) finds below the jail by RESOLVE_IN_ROOT: inode or errno of each path.
    private func asked(_ paths: [String]) throws -> [Int] {
        let program = """
            import ctypes, errno, os, sys
            RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT = 0x02, 0x10
            library = ctypes.CDLL(None, use_errno=True)
            root = os.open(sys.argv[1], os.O_PATH)
            how = (ctypes.c_uint64 * 3)(os.O_PATH, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
            for path in sys.stdin.read().split("\\n"):
                while True:
                    file = library.syscall(437, root, path.encode(), ctypes.byref(how), 24)
                    # EAGAIN: there is a `..`, and something was renamed somewhere.
                    if file >= 0 or ctypes.get_errno() != errno.EAGAIN: break
                print(os.fstat(file).st_ino if file >= 0 else -ctypes.get_errno())
                if file >= 0: os.close(file)
            """
        try folder.write("openat2.py", program)
        try folder.write("paths", paths.joined(separator: "\n"))
        let result = try shell("python3 \(folder.path)/openat2.py \(folder.path)/jail <\(folder.path)/paths")
        #expect(result.status == 0, "\(result.errors)")
        return try result.lines.map { try #require(Int($0)) }
    }

    /// What we find; `jail` may remember what it has found before.
    private func walked(_ path: String, in jail: RootDirectory? = nil) throws -> Int {
        guard let found = try (jail ?? self.jail()).reach(Array(path.utf8)) else { return -Int(errno) }
        return found.status.map { Int($0.st_ino) } ?? 0
    }

    @Test func itGoesWhereTheKernelGoes() throws {
        var random = SplitMix64(seed: 17)
        let names = ["a", "b", "c", "file", "up", "all", "loop", "slash", "none", "..", ".", "", "dangling"]
        func path(_ limit: Int) -> String {
            let count = Int.random(in: 1...limit, using: &random)
            return (0..<count).map { _ in names.randomElement(using: &random)! }.joined(separator: "/")
        }
        for name in ["a", "b", "c", "a/a", "a/b", "b/a", "a/b/c", "c/c/c"] { try folder.write("jail/\(name)/file", "") }
        try folder.write("file", "outside")
        let links = FileManager.default
        for place in ["", "a/", "b/", "a/b/", "c/c/"] {
            try links.createSymbolicLink(atPath: "\(folder.path)/jail/\(place)up", withDestinationPath: "../" + path(4))
            try links.createSymbolicLink(atPath: "\(folder.path)/jail/\(place)all", withDestinationPath: "/" + path(4))
            try links.createSymbolicLink(atPath: "\(folder.path)/jail/\(place)loop", withDestinationPath: "loop/x")
            try links.createSymbolicLink(atPath: "\(folder.path)/jail/\(place)slash", withDestinationPath: "a/")
            try links.createSymbolicLink(
                atPath: "\(folder.path)/jail/\(place)dangling", withDestinationPath: "/nowhere")
        }
        let paths = (0..<4001).map { _ in "/" + path(9) }
        let expected = try asked(paths)
        #expect(expected.count == paths.count)
        #expect(Set(expected.filter { $0 > 0 }).count > 10)
        let once = try jail()
        for (path, inode) in zip(paths, expected) {
            #expect(try walked(path) == inode, "\(path)")
            #expect(try walked(path, in: once) == inode, "\(path)")
        }
    }

    @Test func fortyLinksAreFollowedAndNotMore() throws {
        try folder.write("jail/0", "abc")
        try shell("cd \(folder.path)/jail; for i in $(seq 42); do ln -s $((i - 1)) $i; done")
        for link in [1, 39, 40, 41, 42] {
            #expect(try walked("/\(link)") == asked(["/\(link)"])[0], "\(link)")
        }
    }

    @Test func aLongWayEnds() throws {
        try folder.write("jail/a/b/c/d/x", "abc")
        #expect(try walked("/" + String(repeating: "a/b/../../", count: 300) + "a/b/c/d/x") > 0)
        // More names than a path can hold: by links that hold links.
        try shell(
            """
            cd \(folder.path)/jail; way=$(printf '../d/%.0s' {1..700})
            mkdir d; ln -s d/$way l0; for i in $(seq 38); do ln -s l$((i - 1))/$way l$i; done
            """)
        #expect(try walked("/l38/x") == -Int(ELOOP))
    }

    /// A directory that is moved out of the root while it is walked.
    @Test func aMovedDirectoryDoesNotLeadOut() throws {
        try folder.write("jail/d/e/x", "")
        try folder.write("secret", "abc")
        let path = folder.path
        let mover = try Child([
            "perl", "-e",
            "$| = 1; print qq(up\n); rename '\(path)/jail/d/e', '\(path)/e' or rename '\(path)/e', '\(path)/jail/d/e' while getppid > 1",
        ])
        #expect(mover.line() == "up")
        var moved = 0
        for _ in 0..<20_011 {
            let jail = try jail()
            for way in ["/d/e/../../secret", "/d/e/../../../secret"] {
                let isFound = jail.reach(Array(way.utf8)) != nil
                #expect(!isFound)
            }
            moved += jail.reach(Array("/d/e/x".utf8)) == nil ? 1 : 0
        }
        #expect(moved > 0)
    }
}
