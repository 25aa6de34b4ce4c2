internal import Synchronization

/// What the host knows of a process beyond the kernel's word.
public struct Placement: Equatable, Sendable {
    public var userName: String?
    public var effectiveUserName: String?
    /// systemd unit, as a system manager made it. A slash is followed by what a delegated user made of it:
    /// `user@1000.service/x.service`.
    public var unit: String?
    /// Container id, or its name where the path has only that; none that a delegated user made.
    public var container: String?
    /// Why the stack of this PHP program cannot be read.
    public var opaquePHP: String?
    /// The mail server that this process is, by its program's file and its user.
    public var mailServer: MailServer?
    /// Whether the program's file is this host's own.
    public var exe = FileStanding.unknown
    /// Whether the exe lies in the initial mount namespace, or in that of this program.
    public var isExeMountedByHost = false

    public init(
        userName: String? = nil, effectiveUserName: String? = nil, unit: String? = nil, container: String? = nil,
        opaquePHP: String? = nil
    ) {
        self.userName = userName
        self.effectiveUserName = effectiveUserName
        self.unit = unit
        self.container = container
        self.opaquePHP = opaquePHP
    }
}

/// A mail server, by the name of the software.
public struct MailServer: Equatable, Sendable {
    public enum Standing: Equatable, Sendable {
        /// Its program is this host's own: at a known path, owned by root, not writable by others, run by its own user.
        case installed
        /// It looks like one, but its files are a container's, which can say of itself what it likes.
        case inContainer
    }

    /// `Postfix`.
    public var name: String
    public var standing: Standing

    public init(name: String, standing: Standing) {
        self.name = name
        self.standing = standing
    }
}

/// A described process. Each of its connections refers to the one object.
public final class Process: Sendable {
    private static let made = Atomic<UInt64>(0)

    /// Another one for each object: an identity can be described again, and then says more.
    public let serial: UInt64
    public let identity: UInt64
    public let description: ProcessDescription
    public let placement: Placement
    /// The script that argv names, for an interpreter.
    public let script: Script?
    /// The arguments with a blank between, as ps(1) shows them; comm in brackets where there are none.
    public let commandLine: [UInt8]

    public init(identity: UInt64, description: ProcessDescription, placement: Placement, script: Script? = nil) {
        serial = Self.made.add(1, ordering: .relaxed).newValue
        self.identity = identity
        self.description = description
        self.placement = placement
        self.script = script
        let arguments = description.arguments
        commandLine =
            arguments.isEmpty
            ? [UInt8(ascii: "[")] + description.comm + [UInt8(ascii: "]")]
            : Array(arguments.joined(separator: [UInt8(ascii: " ")]))
    }

    /// The user's name, the number where it has none, `?` where the description was lost.
    public var user: String { placement.userName ?? description.uid.map(String.init) ?? "?" }

    /// What the sender is called by: the exe, `kernel` for a thread of the kernel, or comm where there is no exe.
    public var program: [UInt8] {
        if description.isKernelThread { return Array("kernel".utf8) }
        return description.exe.isEmpty ? description.comm : description.exe
    }
}
