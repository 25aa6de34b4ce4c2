internal import HostFacts

/// Whose mail dialogues are read.
public enum Dialogues: Sendable {
    /// Nobody's: the kernel side sees no segments.
    case unread
    /// Those of connections to the watched ports.
    case ofPorts
    /// Also those of connections to other ports that begin as mail does.
    case ofAnyPort

    /// Where the programs are attached that see segments; nil where there are to be none, or cgroup v2 is not mounted.
    var cgroup: String? { self == .unread ? nil : Kernel.cgroup2Mount }
}
