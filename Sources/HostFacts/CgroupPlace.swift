/// What a cgroup's path tells: the systemd unit and the container.
public struct CgroupPlace: Equatable, Sendable {
    public var unit: String?
    public var container: String?

    /// Prefixes of a systemd scope that hold a container, with what stands behind them.
    private static let scopePrefixes = [
        "docker-", "libpod-", "cri-containerd-", "crio-", "containerd-", "nerdctl-", "lxc-", "machine-",
    ]

    /// - Parameters:
    ///   - path: from the root of the hierarchy, as in /proc/PID/cgroup.
    ///   - systemParts: how many of its parts a system manager has named; all where it is nil. What lies below a user's own
    ///     manager (`user@1000.service`) is never of these, nor is anything of a path whose front was cut.
    public init(path: [UInt8], systemParts: Int? = nil) {
        // By bytes: a mark that combines with the slash would hide it from a String.
        let parts = path.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
        var count = min(systemParts ?? parts.count, parts.count)
        if let manager = parts.firstIndex(where: { $0.hasPrefix("user@") && $0.hasSuffix(".service") }) {
            count = min(count, manager + 1)
        }
        if parts.first == "..." { count = 0 }
        let system = parts[..<count]
        let unitName = Self.unit(system) ?? system.last { $0.hasSuffix(".slice") }
        container = system.indices.reversed().lazy.compactMap { Self.container(parts, $0) }.first
        // A user may name a cgroup like one of the system's.
        let others = parts[count...]
        let claim = Self.unit(others) ?? others.indices.first { Self.container(parts, $0) != nil }.map { parts[$0] }
        unit = claim.map { "\(unitName ?? system.last ?? "...")/\($0)" } ?? unitName
    }

    private static func unit(_ parts: ArraySlice<String>) -> String? {
        parts.last { $0.hasSuffix(".service") || $0.hasSuffix(".scope") }
    }

    private static func container(_ parts: [String], _ index: Int) -> String? {
        let part = parts[index]
        let above = index > 0 ? parts[index - 1] : ""
        // lxc: /lxc/NAME, /lxc.payload.NAME, and /lxc.payload/NAME of older ones.
        if part.hasPrefix("lxc.payload."), part.utf8.count > "lxc.payload.".utf8.count {
            return String(part.dropFirst("lxc.payload.".count))
        }
        if above == "lxc" || above == "lxc.payload" { return part }
        // systemd: PREFIX-ID.scope.
        if part.hasSuffix(".scope") {
            let name = part.dropLast(".scope".count)
            for prefix in scopePrefixes where name.hasPrefix(prefix) {
                let rest = name.dropFirst(prefix.count)
                // libpod-conmon-ID is podman's watcher, outside the container.
                if prefix == "libpod-", rest.hasPrefix("conmon-") { return nil }
                if isID(rest) || prefix == "machine-" || prefix == "lxc-" { return String(rest) }
            }
            return nil
        }
        // cgroupfs: /docker/ID, /libpod_parent/libpod-ID, /kubepods/POD/ID; containerd: /NAMESPACE/ID, SLICE:PREFIX:ID.
        let last = part.split(separator: ":").last ?? ""
        let name = last.hasPrefix("libpod-") ? last.dropFirst("libpod-".count) : last
        return isID(name) ? String(name) : nil
    }

    /// 64 hexadecimal digits, as the container engines make them.
    private static func isID(_ text: Substring) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
