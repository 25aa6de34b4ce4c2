import Glibc
import Testing

@testable import HostFacts

/// Every kernel answers, whatever it has.
struct KernelFactsTests {
    @Test func releaseIsANumberedOne() {
        #expect(Kernel.release.first?.isNumber == true)
        #expect(!Kernel.release.contains("\n"))
    }

    @Test func machineIsNamed() {
        #expect(["x86_64", "aarch64", "riscv64", "s390x", "ppc64le"].contains(Kernel.machine))
    }

    @Test func lockdownIsOneOfItsModes() {
        if let mode = Kernel.lockdown { #expect(["none", "integrity", "confidentiality"].contains(mode)) }
    }

    @Test func controlGroupsAreMountedAtAPath() {
        if let mount = Kernel.cgroup2Mount { #expect(mount.hasPrefix("/")) }
    }

    @Test func lockedMemoryIsLimitedAsThisProcessIs() {
        var limit = rlimit()
        // getrlimit fills the structure.
        #expect(unsafe getrlimit(__rlimit_resource_t(8), &limit) == 0)
        #expect(Kernel.lockedMemoryLimit == (limit.rlim_cur == .max ? nil : UInt64(limit.rlim_cur)))
    }

    @Test func typesAreWhereTheyAreLookedFor() {
        #expect(Kernel.hasBTF == (unsafe access("/sys/kernel/btf/vmlinux", F_OK) == 0))
        _ = Kernel.jitsBPF
    }
}

extension KernelFactsTests {
    @Test(
        arguments: [
            ("#1 SMP Debian 4.19.0", nil, false),
            ("#1 SMP PREEMPT_DYNAMIC Debian", "none (voluntary) full\n", false),
            ("#1 SMP PREEMPT_DYNAMIC Debian", "(none) voluntary full\n", false),
            ("#1 SMP PREEMPT_DYNAMIC Debian", "none voluntary (full)\n", true),
            ("#1 SMP PREEMPT_DYNAMIC Debian", "full (lazy)\n", true),
            ("#1 SMP PREEMPT_DYNAMIC Debian", nil, true),
            ("#1 SMP PREEMPT_RT Debian", nil, true),
        ] as [(String, String?, Bool)])
    func preemption(version: String, choice: String?, isPreemptible: Bool) {
        #expect(Kernel.isPreemptible(version: version, choice: choice) == isPreemptible)
    }
}
