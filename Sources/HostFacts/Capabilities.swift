/// The effective capabilities of this process (capabilities(7)).
public struct Capabilities: Sendable {
    /// What tracing needs, with the bit of each.
    public static let needed: [(name: String, bit: UInt64)] = [
        ("CAP_BPF", 39),
        ("CAP_PERFMON", 38),
        ("CAP_NET_ADMIN", 12),
    ]
    /// What reading the files of other users' processes needs (ptrace(2), PTRACE_MODE_READ; path_resolution(7)).
    public static let neededForFiles: [(name: String, bit: UInt64)] = [
        ("CAP_SYS_PTRACE", 19),
        ("CAP_DAC_READ_SEARCH", 2),
    ]
    /// With this one alone everything that needs the ones above is allowed too.
    private static let systemAdministration: UInt64 = 21

    private let effective: UInt64

    public init(effective: UInt64) { self.effective = effective }

    /// Those of this process, by /proc/self/status.
    public init() {
        let status = String(decoding: readFile("/proc/self/status", limit: 16_384) ?? [], as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        effective =
            line.flatMap { UInt64($0.dropFirst("CapEff:".count).drop { $0 == "\t" || $0 == " " }, radix: 16) } ?? 0
    }

    public func has(_ bit: UInt64) -> Bool { effective & 1 << bit != 0 }

    /// The names of those that are needed to read scripts and not there. CAP_DAC_OVERRIDE includes CAP_DAC_READ_SEARCH.
    public var missingForFiles: [String] {
        Self.neededForFiles.filter { !has($0.bit) && !($0.bit == 2 && has(1)) }.map(\.name)
    }

    /// The names of those that are needed and not there.
    public var missing: [String] {
        has(Self.systemAdministration) ? [] : Self.needed.filter { !has($0.bit) }.map(\.name)
    }
}
