import Foundation
import PHPRuntime
import TestSupport
import Testing

struct PHPProcessTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func binaries(_ findings: [PHPFinding]) -> [PHPBinary] {
        findings.compactMap { if case .known(let binary) = $0 { binary } else { nil } }
    }

    @Test func deletedProgramIsKnown() throws {
        let path = try fixture.compile("php-cgi")
        let child = try Child([path])
        let before = binaries(PHPInspector.inspect(pid: child.pid))
        try FileManager.default.removeItem(atPath: path)
        let after = binaries(PHPInspector.inspect(pid: child.pid))
        #expect(before.count == 1 && after.count == 1)
        #expect(after.first?.inode == before.first?.inode)
        #expect(after.first?.executorGlobals == before.first?.executorGlobals)
        #expect(after.first?.path == path + " (deleted)")
        #expect(PHPScanner.scan().contains { if case .known(let found) = $0 { found == after.first } else { false } })
    }

    /// Its name does not say that it is a host.
    @Test func programThatHasLoadedPHPIsAHost() throws {
        let library = try fixture.compile("libphp8.4.so", options: ["-shared", "-fPIC"])
        try fixture.write(
            Array(
                """
                #include <dlfcn.h>
                #include <stdio.h>
                #include <unistd.h>
                int main(int count, char **arguments) {
                    puts(dlopen(arguments[1], RTLD_NOW) ? "loaded" : "failed");
                    fflush(stdout);
                    return pause();
                }
                """.utf8), to: "server.c")
        let server = fixture.path("server")
        try #require(try Child(["gcc", "-o", server, fixture.path("server.c"), "-ldl"]).end().status == 0)
        let child = try Child([server, library])
        try #require(child.line() == "loaded")

        for isDeleted in [false, true] {
            if isDeleted { try FileManager.default.removeItem(atPath: library) }
            // A deleted library is reached by map_files only, which takes privilege.
            if isDeleted && getuid() != 0 { break }
            let found = binaries(PHPInspector.inspect(pid: child.pid))
            #expect(found.map(\.kind) == [.host, .library])
            #expect(found.first?.path == server)
            #expect(found.last?.path == library + (isDeleted ? " (deleted)" : ""))
            #expect(found.last?.layout?.series == "8.2")
        }
    }

    @Test func otherProcessHasNone() throws {
        let child = try Child(["/bin/sleep", "60"])
        #expect(PHPInspector.inspect(pid: child.pid).isEmpty)
        #expect(PHPInspector.inspect(pid: 4_194_305).isEmpty)
    }

    @Test func eachFileIsFoundOnce() throws {
        let path = try fixture.compile("php-fpm7.9")
        let children = try (0..<5).map { _ in try Child([path]) }
        let findings = binaries(PHPScanner.scan()).filter { $0.path == path }
        #expect(findings.count == 1)
        withExtendedLifetime(children) {}
    }
}
