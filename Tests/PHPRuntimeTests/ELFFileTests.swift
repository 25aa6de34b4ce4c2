import Foundation
import TestSupport
import Testing

@testable import PHPRuntime

/// Libraries that were made to crash or to mislead their reader.
struct ELFFileTests {
    let fixture: Fixture
    private let library: String
    private static let functions = ["SSL_write", "SSL_write_ex"]

    init() throws {
        fixture = try Fixture()
        try fixture.write(
            Array("int SSL_write(void) { return 2; } int SSL_write_ex(void) { return 3; } int SSL_data;".utf8),
            to: "ssl.c")
        library = fixture.path("libssl.so.9")
        try #require(
            try Child(["gcc", "-shared", "-fPIC", "-o", library, fixture.path("ssl.c")]).end().status == 0)
    }

    private var bytes: [UInt8] { get throws { Array(try Data(contentsOf: URL(filePath: library))) } }

    private func offsets(_ bytes: [UInt8], _ names: [String] = functions) throws -> [String: UInt64] {
        let path = try fixture.write(bytes, to: "changed.so")
        let file = try OpenFile(path)
        guard let elf = ELFFile(file) else { return [:] }
        return elf.symbols(names, .function, in: file).compactMapValues(elf.fileOffset)
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int {
        bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Writes over a field of each section of the given types.
    private func changeSections(_ kinds: Set<Int>, _ field: Int, to value: [UInt8]) throws -> [UInt8] {
        var bytes = try bytes
        let start = Self.number(bytes, 40, 8)
        for index in 0..<Self.number(bytes, 60, 2) {
            let section = start + 64 * index
            guard kinds.contains(Self.number(bytes, section + 4, 4)) else { continue }
            bytes.replaceSubrange(section + field..<section + field + value.count, with: value)
        }
        return bytes
    }

    @Test func functionsAreWhereTheirCodeIs() throws {
        let bytes = try bytes
        let found = try offsets(bytes)
        #expect(found.count == 2)
        // mov $2, %eax and mov $3, %eax within the first bytes.
        for (name, value) in [("SSL_write", UInt8(2)), ("SSL_write_ex", 3)] {
            let offset = Int(try #require(found[name]))
            #expect(bytes[offset..<offset + 16].firstRange(of: [value, 0, 0, 0]) != nil)
        }
        #expect(try offsets(bytes, ["SSL_data", "SSL_writ", "", "SSL_write\0x"]).isEmpty)
    }

    /// 0 divides by zero in libbpf 1.1; 23 and 25 shift all that follows.
    @Test(arguments: [0, 1, 23, 25, 0xff])
    func symbolsOfAnotherSizeAreNotRead(size: UInt8) throws {
        #expect(try offsets(changeSections([2, 11], 56, to: [size, 0, 0, 0, 0, 0, 0, 0])).isEmpty)
    }

    @Test func tablesThatEndBeyondTheFileAreReadAsFarAsTheyGo() throws {
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        for kinds in [[2, 11], [3], [2, 3, 11]] as [Set<Int>] {
            for field in [24, 32, 40] {
                let value = field == 40 ? Array(huge[..<4]) : huge
                #expect(try offsets(changeSections(kinds, field, to: value)).count <= 2)
            }
        }
        // Larger than the file, and not too large.
        #expect(try offsets(changeSections([2, 3, 11], 32, to: [0, 0, 0, 1, 0, 0, 0, 0])).count == 2)
    }

    @Test func libraryThatOthersCanChangeIsNotTaken() throws {
        try #require(getuid() == 0)
        #expect(FunctionFile(library, functions: Self.functions)?.offsets.count == 2)
        for mode in [0o666, 0o664, 0o757] as [mode_t] {
            try #require(unsafe chmod(library, mode) == 0)
            #expect(FunctionFile(library, functions: Self.functions) == nil)
        }
        try #require(unsafe chmod(library, 0o755) == 0)
        try #require(unsafe chown(library, 33, 0) == 0)
        #expect(FunctionFile(library, functions: Self.functions) == nil)
        #expect(FunctionFile("/bin/sleep", functions: Self.functions) == nil)
        #expect(FunctionFile(fixture.path("gone"), functions: Self.functions) == nil)
    }

    /// The file that was read is the one that is meant, whatever takes its name.
    @Test func nameMayMeanAnotherFileMeanwhile() throws {
        try #require(getuid() == 0)
        let file = try #require(FunctionFile(library, functions: Self.functions))
        let before = try bytes
        try FileManager.default.removeItem(atPath: library)
        try fixture.write(Array("other".utf8), to: "libssl.so.9")
        #expect(Array(try Data(contentsOf: URL(filePath: file.path))) == before)
    }

    /// Many sections of the same bytes are read once.
    @Test func constantsAreEachByteOnce() throws {
        let bytes = try changeSections([1], 8, to: [2, 0, 0, 0, 0, 0, 0, 0])
        let file = try OpenFile(fixture.write(bytes, to: "changed.so"))
        let elf = ELFFile(file)
        let whole = try #require(elf?.constants())
        var changed = bytes
        let start = Self.number(bytes, 40, 8)
        for index in 0..<Self.number(bytes, 60, 2) where Self.number(bytes, start + 64 * index + 4, 4) == 1 {
            // All of them are the first MiB.
            changed.replaceSubrange(
                start + 64 * index + 24..<start + 64 * index + 40,
                with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0])
        }
        let other = try OpenFile(fixture.write(changed, to: "overlapping.so"))
        #expect(whole.count > 1)
        let overlapping = ELFFile(other)
        #expect(overlapping?.constants() == [0..<1 << 20])
    }

    @Test func damagedLibraryDoesNoHarm() throws {
        let whole = try bytes
        var numbers = SplitMix64(seed: 22)
        let places = [0..<64, 0..<1024, 0..<whole.count, whole.count - 2500..<whole.count]
        for round in 0..<2003 {
            var bytes = whole
            for _ in 0..<1 + numbers.below(8) {
                let range = places[round % places.count]
                let extreme: [UInt8] = [0, 1, 0x7f, 0x80, 0xff]
                bytes[range.lowerBound + numbers.below(range.count)] = extreme[numbers.below(extreme.count)]
            }
            if round % 5 == 0 { bytes.removeLast(numbers.below(bytes.count)) }
            _ = try offsets(bytes)
        }
    }
}
