/// What the administrator says of mail on this host (`--config`).
public struct Policy: Sendable, Equatable {
    /// A sender whose connections are no alarm. All that is given has to match; at least one thing is given.
    public struct Trust: Sendable, Equatable {
        /// Glob pattern, in which `*` also matches `/`. The file has to be this host's own (`FileStanding`), changed by
        /// nobody but root and `uid`.
        public var exe: String?
        public var uid: UInt32?
        /// Glob pattern of the script's path, as PHP's stack has it: what argv says is no ground for trust.
        public var script: String?
        /// systemd unit, and container id or name; glob patterns. Only what a system manager made matches; behind a slash
        /// the pattern of a unit names what a delegated user made below it.
        public var unit: String?
        public var container: String?
        /// Where to: an address, or a network in CIDR notation. Empty: anywhere.
        public var destinations: [Network] = []

        public init() {}
    }

    public var trusted: [Trust] = []
    /// Ports of submission (RFC 6409, RFC 8314, and providers' alternative).
    public var submissionPorts = PortSet([465, 587, 2525])
    /// Ports of delivery.
    public var deliveryPorts = PortSet([25])
    /// More different destinations of one sender within a minute are a reason.
    public var fanOutLimit = 10
    /// Programs below these are a reason. Absolute, without a slash at the end.
    public var temporaryFolders = ["/tmp", "/var/tmp", "/dev/shm", "/run/shm"]
    /// Names of folders that visitors can fill.
    public var uploadFolders = ["uploads", "upload", "files", "media", "cache", "tmp"]
    /// More names of this host, for EHLO. In lower case.
    public var hostNames: Set<String> = []

    public init() {}
}

/// What this host is called and where it is reached.
public struct HostIdentity: Sendable, Equatable {
    public var addresses: Set<IPAddress> = []
    /// In lower case, without a dot at the end.
    public var names: Set<String> = []

    public init() {}
}
