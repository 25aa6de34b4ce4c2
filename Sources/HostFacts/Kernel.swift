internal import Glibc

/// The running kernel, as far as tracing depends on it.
public enum Kernel {
    public static let btfPath = "/sys/kernel/btf/vmlinux"

    public static var hasBTF: Bool { unsafe access(btfPath, F_OK) == 0 }

    /// `6.1.0-30-amd64`.
    public static var release: String { text("/proc/sys/kernel/osrelease") ?? "unknown" }

    /// As `uname -m`.
    public static var machine: String {
        var names = utsname()
        // uname fills the structure and ends its names with NUL.
        unsafe uname(&names)
        return unsafe withUnsafeBytes(of: names.machine) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Nil where the kernel does not say. 0 interprets BPF, slowly.
    public static var jitsBPF: Bool? { text("/proc/sys/net/core/bpf_jit_enable").map { $0 != "0" } }

    /// Where cgroup v2 is mounted (/proc/self/mountinfo); nil where it is not.
    public static var cgroup2Mount: String? {
        let lines = String(decoding: readFile("/proc/self/mountinfo", limit: 1 << 20) ?? [], as: UTF8.self).split(
            separator: "\n")
        for line in lines {
            // proc(5): the mount point is the fifth field, the type the first one behind the dash.
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, dash > 4 else { continue }
            if fields[dash + 1] == "cgroup2" { return String(fields[4]) }
        }
        return nil
    }

    /// The first number of the release.
    public static var majorVersion: Int { Int(release.prefix { $0.isNumber }) ?? 0 }

    /// Whether a task may have to yield its CPU in the midst of kernel code (CONFIG_PREEMPTION, and with
    /// PREEMPT_DYNAMIC what was chosen at boot). True where the kernel does not tell what was chosen.
    public static var isPreemptible: Bool {
        isPreemptible(version: text("/proc/sys/kernel/version") ?? "", choice: text("/sys/kernel/debug/sched/preempt"))
    }

    /// Whether that also holds within a tracepoint's programs: 7.0 guards tracepoints by SRCU, kernels before it by
    /// preempt_disable().
    public static var preemptsTracepoints: Bool { isPreemptible && majorVersion >= 7 }

    /// - Parameters:
    ///   - version: as `uname -v`.
    ///   - choice: `none (voluntary) full`; nil where debugfs is not mounted.
    static func isPreemptible(version: String, choice: String?) -> Bool {
        guard version.contains("PREEMPT") else { return false }
        guard let choice else { return true }
        return !choice.contains("(none)") && !choice.contains("(voluntary)")
    }

    /// `none`, `integrity` or `confidentiality`; nil where the kernel cannot be locked down.
    public static var lockdown: String? {
        guard let text = text("/sys/kernel/security/lockdown"), let begin = text.firstIndex(of: "["),
            let end = text.firstIndex(of: "]")
        else { return nil }
        return String(text[text.index(after: begin)..<end])
    }

    /// RLIMIT_MEMLOCK in bytes; nil for no limit. Kernels before 5.11 count BPF maps against it.
    public static var lockedMemoryLimit: UInt64? {
        var limit = rlimit()
        // getrlimit fills the structure.
        guard unsafe getrlimit(__rlimit_resource_t(8), &limit) == 0, limit.rlim_cur != rlim_t.max else { return nil }
        return UInt64(limit.rlim_cur)
    }

    private static func text(_ path: String) -> String? {
        readFile(path, limit: 4096).map { bytes in
            String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }
}
