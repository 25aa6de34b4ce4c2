import HostFacts
import Testing

struct CapabilitiesTests {
    @Test(
        arguments: [
            (0, ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"]), (1 << 39 | 1 << 12, ["CAP_PERFMON"]),
            (1 << 38 | 1 << 12, ["CAP_BPF"]), (1 << 39 | 1 << 38, ["CAP_NET_ADMIN"]),
            (1 << 39 | 1 << 38 | 1 << 12, []), (1 << 21, []),
            (1 << 13 | 1 << 20, ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"]), (UInt64.max, []),
        ] as [(UInt64, [String])])
    func missingAreThoseThatTracingNeeds(effective: UInt64, missing: [String]) {
        #expect(Capabilities(effective: effective).missing == missing)
    }

    @Test(
        arguments: [
            (0, ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"]), (1 << 19, ["CAP_DAC_READ_SEARCH"]),
            (1 << 21 | 1 << 2, ["CAP_SYS_PTRACE"]), (1 << 19 | 1 << 2, []), (1 << 19 | 1 << 1, []), (UInt64.max, []),
        ] as [(UInt64, [String])])
    func missingForFilesAreThoseThatReadingThemNeeds(effective: UInt64, missing: [String]) {
        #expect(Capabilities(effective: effective).missingForFiles == missing)
    }

    @Test func bitIsLookedUp() {
        let capabilities = Capabilities(effective: 1 << 63 | 1)
        #expect((0..<64).filter { capabilities.has($0) } == [0, 63])
    }
}
