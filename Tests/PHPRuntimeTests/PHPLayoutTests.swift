import PHPRuntime
import Testing

struct PHPLayoutTests {
    @Test func rowsAreInOrderAndEachOnce() {
        let versions = PHPLayout.table.map { Int($0.major) * 100 + Int($0.minor) }
        #expect(versions == [700, 701, 702, 703, 704, 800, 801, 802, 803, 804, 805])
        #expect(PHPLayout.table.map(\.series) == versions.map { "\($0 / 100).\($0 % 100)" })
    }

    @Test(arguments: PHPLayout.table)
    func offsetsOfOneStructureDiffer(row: PHPLayout) {
        let structures: [[UInt16]] = [
            [row.opline, row.function, row.previous], [0, row.functionName, row.scope, row.fileName],
            [row.stringLength, row.stringValue],
            [row.serverContext, row.requestMethod, row.pathTranslated, row.requestURI],
            [row.fcgiHasEnvironment, row.fcgiEnvironment],
        ]
        for offsets in structures {
            #expect(Set(offsets).count == offsets.count)
            // All but has_env are pointers, a size_t, or bytes that begin as they would.
            #expect(offsets.allSatisfy { $0 % 8 == 0 })
        }
        #expect(row.currentExecuteData % 8 == 0 && (480...512).contains(row.currentExecuteData))
        // The kernel side reads a frame at once, in 64 bytes at most.
        #expect(row.previous <= 56)
        #expect(row.opLine % 4 == 0)
    }

    /// What changed, as the headers have it.
    @Test(
        arguments: [
            (7, 0, 480, 56, 120), (7, 1, 480, 48, 120), (7, 2, 480, 48, 120), (7, 3, 488, 48, 128),
            (7, 4, 488, 48, 136),
            (8, 0, 488, 48, 144), (8, 1, 488, 48, 144), (8, 2, 488, 48, 152), (8, 3, 488, 48, 144),
            (8, 4, 488, 48, 168),
            (8, 5, 512, 48, 168),
        ] as [(Int, Int, UInt16, UInt16, UInt16)])
    func rowIsAsMeasured(major: Int, minor: Int, current: UInt16, previous: UInt16, fileName: UInt16) throws {
        let (row, isVerified) = try #require(PHPLayout.layout(major: major, minor: minor))
        #expect(isVerified)
        #expect([row.currentExecuteData, row.previous, row.fileName] == [current, previous, fileName])
    }

    @Test(arguments: [(8, 6), (8, 7), (9, 0), (Int.max, Int.max)])
    func newerVersionGetsTheNewestRow(major: Int, minor: Int) throws {
        let (row, isVerified) = try #require(PHPLayout.layout(major: major, minor: minor))
        #expect(row == PHPLayout.table.last)
        #expect(!isVerified)
    }

    @Test(arguments: [(5, 6), (6, 0), (6, 99), (0, 0), (-1, 4), (Int.min, 0)])
    func olderVersionGetsNone(major: Int, minor: Int) {
        #expect(PHPLayout.layout(major: major, minor: minor) == nil)
    }

    @Test func versionInAGapGetsTheOneBefore() throws {
        let (row, isVerified) = try #require(PHPLayout.layout(major: 7, minor: 9))
        #expect(row.series == "7.4")
        #expect(!isVerified)
    }
}
