import Foundation
import PHPRuntime
import TestSupport
import Testing

struct PHPInspectorTests {
    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func known(_ path: String, shownAs: String? = nil) throws -> PHPBinary {
        let finding = PHPInspector.inspect(path: path, shownAs: shownAs)
        guard case .known(let binary) = finding else {
            Issue.record("\(String(describing: finding))")
            throw CancellationError()
        }
        return binary
    }

    private func reason(_ path: String, shownAs: String? = nil) -> String? {
        guard case .unknown(_, _, _, let reason) = PHPInspector.inspect(path: path, shownAs: shownAs) else {
            return nil
        }
        return reason
    }

    // MARK: What is PHP

    @Test func programIsKnown() throws {
        let path = try fixture.compile("php-fpm")
        var status = stat()
        // stat fills the structure.
        try #require(unsafe stat(path, &status) == 0)
        let binary = try known(path)
        #expect(binary.kind == .program)
        #expect(binary.path == path)
        #expect(binary.inode == UInt64(status.st_ino) && binary.device == UInt64(status.st_dev))
        #expect(binary.size == UInt64(status.st_size))
        #expect(binary.modificationSeconds == Int64(status.st_mtim.tv_sec))
        #expect(binary.modificationNanoseconds == UInt32(status.st_mtim.tv_nsec))
        #expect(binary.version == "8.2.36")
        #expect(binary.layout?.series == "8.2")
        #expect(binary.isVerified)
        #expect(try binary.executorGlobals == fixture.address(of: "executor_globals", in: "php-fpm"))
        #expect(try binary.sapiGlobals == fixture.address(of: "sapi_globals", in: "php-fpm"))
        #expect(try binary.sapiModule == fixture.address(of: "sapi_module", in: "php-fpm"))
        #expect(try binary.entry == fixture.address(of: "_start", in: "php-fpm"))
        #expect(try binary.dynamic == fixture.address(of: "_DYNAMIC", in: "php-fpm"))
        #expect((binary.dynamic..<binary.dynamic + 1024).contains(binary.debugPointer))
    }

    /// As ld.so leaves it: the program tells where its r_debug is.
    @Test func debugPointerIsWhereTheLinkerWrites() throws {
        let path = try fixture.compile("php")
        let text = """
            #include <elf.h>
            #include <stdio.h>
            extern Elf64_Dyn _DYNAMIC[];
            extern char executor_globals[];
            """
        try fixture.write(
            Array(
                (text + """

                    char executor_globals[1800], sapi_globals[552], sapi_module[280];
                    __attribute__((used)) const char text[] = "X-Powered-By: PHP/8.2.1";
                    int main(void) {
                        Elf64_Dyn *entry = _DYNAMIC;
                        while (entry->d_tag != DT_DEBUG) entry++;
                        printf("%lu\\n", (char *)&entry->d_un - executor_globals);
                    }
                    """).utf8), to: "self.c")
        try #require(try Child(["gcc", "-rdynamic", "-o", path, fixture.path("self.c")]).end().status == 0)
        let distance = try #require(UInt64(Child([path]).end().lines.first ?? ""))
        let binary = try known(path)
        #expect(binary.debugPointer &- binary.executorGlobals == distance)
    }

    @Test func libraryIsKnown() throws {
        let path = try fixture.compile("libphp8.2.so", options: ["-shared", "-fPIC"])
        let binary = try known(path)
        #expect(binary.kind == .library)
        #expect(binary.debugPointer == 0)
        #expect(try binary.dynamic == fixture.address(of: "_DYNAMIC", in: "libphp8.2.so"))
    }

    @Test(arguments: [["-no-pie", "-rdynamic"], ["-static"], []])
    func programOfAnyKindIsKnown(options: [String]) throws {
        let binary = try known(fixture.compile("lsphp", options: options))
        #expect(binary.kind == .program)
        #expect(try binary.executorGlobals == fixture.address(of: "executor_globals", in: "lsphp"))
    }

    /// Whatever it is called: php may be run by any name.
    @Test func nameDoesNotMatterForPHP() throws {
        #expect(try known(fixture.compile("worker")).version == "8.2.36")
    }

    @Test(arguments: [
        ("8.2.36", "8.2.36"), ("7.4.33-1+deb11u5", "7.4.33"), ("8.3.0RC1", "8.3.0"), ("8.4", "8.4"),
        ("8.1.2.3", "8.1.2"),
        ("8.4.", "8.4"), ("8.2.99999999999999999999", "8.2"),
    ])
    func versionEndsWhereOtherTextBegins(text: String, version: String) throws {
        var source = Fixture.Source()
        source.version = text
        #expect(try known(fixture.compile("php", source)).version == version)
    }

    @Test func newerVersionIsNotVerified() throws {
        var source = Fixture.Source()
        source.version = "8.7.0"
        let binary = try known(fixture.compile("php", source))
        #expect(binary.layout == PHPLayout.table.last)
        #expect(!binary.isVerified)
    }

    @Test func debugBuildIsNotVerified() throws {
        var source = Fixture.Source()
        source.build = "API20220829,NTS,debug"
        #expect(try known(fixture.compile("php", source)).isVerified == false)
    }

    @Test func hostIsKnownWithoutPHP() throws {
        let path = fixture.path("apache2")
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        let binary = try known(path)
        #expect(binary.kind == .host)
        #expect(binary.layout == nil && binary.version.isEmpty && binary.executorGlobals == 0)
        #expect(binary.entry > 0 && binary.dynamic > 0 && binary.debugPointer > binary.dynamic)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/php8.2")))
    func debiansOwnIsKnown() throws {
        let binary = try known("/usr/bin/php8.2")
        #expect(binary.version.hasPrefix("8.2."))
        #expect(binary.kind == .program && binary.isVerified && binary.layout?.series == "8.2")
        #expect(binary.executorGlobals > 0 && binary.sapiGlobals > 0 && binary.sapiModule > 0)
    }

    // MARK: What cannot be read

    @Test(arguments: [("API20220829,TS", true), ("API20220829,NTS", false), ("API2022,TS", false)])
    func threadSafeBuildIsUnknown(build: String, isThreadSafe: Bool) throws {
        var source = Fixture.Source()
        source.build = build
        let zts = "thread-safe build (ZTS): its globals lie in thread-local storage"
        #expect(try reason(fixture.compile("php", source)) == (isThreadSafe ? zts : nil))
    }

    @Test func strippedProgramIsUnknown() throws {
        #expect(
            try reason(fixture.compile("php", options: ["-s"])) == "stripped: it has no symbol executor_globals")
        #expect(
            try reason(fixture.compile("anything", options: ["-s"])) == "stripped: it has no symbol executor_globals")
    }

    @Test func programWithoutVersionIsUnknown() throws {
        for version in [nil, "", "x8.2", "8", "8.x", ".8.2", "1234.1"] {
            var source = Fixture.Source()
            source.version = version
            #expect(try reason(fixture.compile("php", source)) == "its version cannot be told")
        }
    }

    @Test func oldVersionIsUnknown() throws {
        var source = Fixture.Source()
        source.version = "5.6.40"
        #expect(try reason(fixture.compile("php", source)) == "PHP 5.6 is older than 7.0")
    }

    @Test(arguments: [
        "char executor_globals[8];", "char executor_globals[1 << 20];", "const char executor_globals[1800] = {1};",
    ])
    func symbolThatCannotBeRightIsUnknown(declaration: String) throws {
        var source = Fixture.Source()
        source.executorGlobals = declaration
        #expect(try reason(fixture.compile("php", source)) == "its symbol executor_globals cannot be right")
    }

    @Test func threadLocalSymbolIsNone() throws {
        var source = Fixture.Source()
        source.executorGlobals = "__thread char executor_globals[1800];"
        #expect(try reason(fixture.compile("php", source)) == "stripped: it has no symbol executor_globals")
    }

    @Test(arguments: [UInt64.max, UInt64.max - 1799, 0, 1, 1 << 63, 0x7fff_ffff_ffff_f000])
    func garbageAddressIsUnknown(address: UInt64) throws {
        try fixture.compile("php")
        #expect(try reason(moveGlobals(to: address)) == "its symbol executor_globals cannot be right")
    }

    /// What is written begins with .init_array and ends with .bss.
    @Test func addressThatIsPartlyOutsideIsUnknown() throws {
        try fixture.compile("php")
        let start = try #require(try fixture.address(of: "__frame_dummy_init_array_entry", in: "php"))
        let end = try #require(try fixture.address(of: "_end", in: "php"))
        for address in [start - 8, start - 1799, end - 1792, end] {
            #expect(try reason(moveGlobals(to: address)) == "its symbol executor_globals cannot be right")
            try fixture.compile("php")
        }
        #expect(try known(moveGlobals(to: start)).executorGlobals == start)
    }

    private func moveGlobals(to address: UInt64) throws -> String {
        let right = try #require(try fixture.address(of: "executor_globals", in: "php"))
        var bytes = Array(try Data(contentsOf: URL(filePath: fixture.path("php"))))
        let symbol = Self.bytes(right) + Self.bytes(1800)
        var patched = 0
        for place in 0..<bytes.count - symbol.count where bytes[place..<place + 16].elementsEqual(symbol) {
            bytes.replaceSubrange(place..<place + 8, with: Self.bytes(address))
            patched += 1
        }
        // In .dynsym and in .symtab.
        try #require(patched == 2)
        return try fixture.write(bytes, to: "php")
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    // MARK: What is no PHP

    @Test func programThatIsOnlyCalledPHPIsUnknown() throws {
        let path = fixture.path("php-fpm")
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        #expect(reason(path) == "it is called like PHP but holds none")
        #expect(PHPInspector.inspect(path: "/bin/sleep") == nil)
    }

    @Test func fileThatIsNoProgramIsUnknownByItsName() throws {
        #expect(try reason(fixture.write([], to: "php")) == "not an ELF program of x86-64")
        #expect(try PHPInspector.inspect(path: fixture.write([], to: "empty")) == nil)
        #expect(try reason(fixture.write(Array("<html>".utf8), to: "php.html")) == "not an ELF program of x86-64")
        #expect(try reason(fixture.compile("php-part.o", options: ["-c"])) == "not an ELF program of x86-64")
    }

    /// 32 bits; of ARM's machines; sections or segments beyond what the header counts.
    @Test(arguments: [[4: 1], [18: 0xb7], [60: 0, 61: 0], [56: 0xff, 57: 0xff]] as [[Int: UInt8]])
    func programOfAnotherKindIsUnknown(changes: [Int: UInt8]) throws {
        var bytes = Array(try Data(contentsOf: URL(filePath: fixture.compile("php"))))
        for (place, byte) in changes { bytes[place] = byte }
        #expect(try reason(fixture.write(bytes, to: "php")) == "not an ELF program of x86-64")
    }

    /// Without section headers there are no symbols, but the segments still have the version.
    @Test func programWithoutSectionsIsUnknown() throws {
        var bytes = Array(try Data(contentsOf: URL(filePath: fixture.compile("php"))))
        for place in Array(40..<48) + Array(60..<64) { bytes[place] = 0 }
        #expect(try reason(fixture.write(bytes, to: "any")) == "stripped: it has no symbol executor_globals")
    }

    @Test func scriptIsNone() throws {
        #expect(try PHPInspector.inspect(path: fixture.write(Array("#!/bin/sh\n".utf8), to: "phpize")) == nil)
    }

    @Test(.timeLimit(.minutes(10)))
    func whatIsNoFileIsNone() throws {
        let fifo = fixture.path("php-fifo")
        try #require(unsafe mkfifo(fifo, 0o600) == 0)
        try FileManager.default.createDirectory(atPath: fixture.path("php.d"), withIntermediateDirectories: true)
        for path in [fifo, fixture.path("php.d"), fixture.path("php-gone"), "/dev/null", "/dev/zero", ""] {
            #expect(PHPInspector.inspect(path: path, shownAs: "/usr/bin/php") == nil)
        }
    }

    @Test func hugeFileIsUnknown() throws {
        let path = try fixture.compile("php")
        try #require(unsafe truncate(path, 512 << 20) == 0)
        #expect(try known(path).version == "8.2.36")
        try #require(unsafe truncate(path, 512 << 20 + 1) == 0)
        #expect(reason(path) == "larger than 512 MiB")
    }

    @Test func truncatedFileDoesNoHarm() throws {
        let bytes = Array(try Data(contentsOf: URL(filePath: fixture.compile("whole"))))
        for length in stride(from: 0, to: bytes.count, by: 97) {
            let path = try fixture.write(bytes[..<length], to: "php")
            if case .known(let binary) = PHPInspector.inspect(path: path) { #expect(binary.executorGlobals > 0) }
        }
    }

    @Test func damagedFileDoesNoHarm() throws {
        let whole = Array(try Data(contentsOf: URL(filePath: fixture.compile("whole"))))
        var numbers = SplitMix64(seed: 20)
        // Where there is something to damage: the headers at the beginning and at the end, and the symbols.
        let places = [0..<1024, 0..<whole.count, whole.count - 2500..<whole.count]
        for round in 0..<10_007 {
            var bytes = whole
            for _ in 0..<1 + numbers.below(8) {
                let range = places[round % places.count]
                let extreme: [UInt8] = [0, 1, 0x7f, 0x80, 0xff]
                bytes[range.lowerBound + numbers.below(range.count)] =
                    round % 2 == 0 ? UInt8(numbers.below(256)) : extreme[numbers.below(extreme.count)]
            }
            let finding = try PHPInspector.inspect(path: fixture.write(bytes, to: "php"))
            if case .known(let binary) = finding { #expect(binary.executorGlobals > 0 && binary.layout != nil) }
        }
    }

    @Test func randomBytesAreNoProgram() throws {
        var numbers = SplitMix64(seed: 21)
        for _ in 0..<300 {
            var bytes = (0..<numbers.below(4096)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
            // Half of them begin as a program does.
            if numbers.below(2) == 0 { bytes = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + bytes }
            let finding = try PHPInspector.inspect(path: fixture.write(bytes, to: "php"))
            guard case .unknown = finding else {
                Issue.record("\(String(describing: finding))")
                return
            }
        }
    }
}
