import CProbe
import KernelProbe
import MailWatch
import TestSupport
import Testing

/// A million records that nobody wrote: the decoder neither traps nor reads behind any of them.
struct HostileRecordTests {
    private static let records = [
        Record().bytes, Record().briefBytes, Record.life(PROBE_ESTABLISHED), Record.life(PROBE_CLOSED),
        ContextRecord().bytes, Record.line(PROBE_MAIL, "MAIL FROM:<a@x.example>"),
        Record.line(PROBE_REPLY, "250 2.1.0 ok"),
    ]

    @Test(arguments: [23, 97] as [UInt64])
    func noiseIsNeverReadBeyondItsEnd(seed: UInt64) {
        let memory = GuardedMemory()
        var random = SplitMix64(seed: seed)
        var decoded = 0
        for _ in 0..<300_000 {
            let length = random.below(512)
            let isEvent = unsafe memory.withBytes(length) { bytes in
                for offset in stride(from: 0, to: length - 7, by: 8) {
                    unsafe bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
                }
                // Most are of a known kind and family, or all would be refused for these.
                if length > 8 {
                    unsafe bytes[0] = UInt8(random.below(8))
                    unsafe bytes[2] = random.below(2) == 0 ? 2 : 10
                    unsafe bytes[3] = 0
                }
                return unsafe RecordDecoder.decode(UnsafeRawBufferPointer(bytes).bytes) != nil
            }
            if isEvent { decoded += 1 }
        }
        #expect(decoded > 1000)
    }

    @Test(arguments: [29, 101] as [UInt64])
    func spoiltRecordIsNeverReadBeyondItsEnd(seed: UInt64) {
        let memory = GuardedMemory()
        var random = SplitMix64(seed: seed)
        var decoded = 0
        for _ in 0..<200_000 {
            let record = Self.records[random.below(Self.records.count)]
            // Cut at any place, whole, or longer.
            let length =
                switch random.below(3) {
                case 0: random.below(record.count)
                case 1: record.count
                default: record.count + random.below(256)
                }
            let flips = random.below(6)
            let isEvent = unsafe memory.withBytes(length) { bytes in
                unsafe bytes.copyBytes(from: record.prefix(length))
                for _ in 0..<flips where length > 0 {
                    unsafe bytes[random.below(length)] ^= 1 << UInt8(random.below(8))
                }
                return unsafe RecordDecoder.decode(UnsafeRawBufferPointer(bytes).bytes) != nil
            }
            if isEvent { decoded += 1 }
        }
        #expect(decoded > 100_000)
    }

    /// Sizes have the most to say about where is read.
    @Test func anySizesAreTakenOnlyWhenTheyFit() {
        var random = SplitMix64(seed: 31)
        var record = Record()
        let available =
            record.argv.count + record.exe.count + record.cwd.count + record.cgroup.count
            + record.root.count + record.legacyCgroup.count + record.executionArgv.count + record.executionCwd.count
        let memory = GuardedMemory()
        for _ in 0..<20_011 {
            var sizes = [Int](repeating: 0, count: 8)
            for index in sizes.indices { sizes[index] = random.below(random.below(97) == 0 ? 65_536 : 24) }
            record.identity.argv_size = UInt16(sizes[0])
            record.identity.exe_size = UInt16(sizes[1])
            record.identity.cwd_size = UInt16(sizes[2])
            record.identity.cgroup_size = UInt16(sizes[3])
            record.identity.root_size = UInt16(sizes[4])
            record.identity.legacy_cgroup_size = UInt16(sizes[5])
            record.identity.execution_argv_size = UInt16(sizes[6])
            record.identity.execution_cwd_size = UInt16(sizes[7])
            let bytes = record.bytes(claiming: record.identity)
            let isEvent = unsafe memory.withBytes(bytes.count) { guarded in
                unsafe guarded.copyBytes(from: bytes)
                return unsafe RecordDecoder.decode(UnsafeRawBufferPointer(guarded).bytes) != nil
            }
            #expect(isEvent == (sizes.reduce(0, +) <= available), "\(sizes)")
        }
    }
}
