internal import CLibbpf
internal import CLinux
internal import CProbe
internal import HostFacts
public import MailWatch
public import PHPRuntime

/// How connects are seen. The rungs tell the same.
public enum Hook: String, CaseIterable, Sendable {
    case fentry
    case kprobe
    case tpBTF = "tp_btf"

    /// What it is attached to.
    public var target: String {
        switch self {
        case .fentry: "fentry/tcp_connect"
        case .kprobe: "kprobe/tcp_connect"
        case .tpBTF: "tp_btf/inet_sock_set_state"
        }
    }

    /// Best first. A kprobe runs with preemption off. The others cost less, but where their task can be preempted in
    /// their midst, the kernel skips them for every other task of that CPU until it goes on.
    public static var ladder: [Hook] {
        Kernel.isPreemptible ? [.kprobe, .fentry, .tpBTF] : [.fentry, .kprobe, .tpBTF]
    }

    /// Whether this kernel may skip it in a storm of connects, which is counted as missed.
    public var mayBeSkipped: Bool {
        switch self {
        case .fentry: Kernel.isPreemptible
        case .kprobe: false
        case .tpBTF: Kernel.preemptsTracepoints
        }
    }

    /// The one that sees connects.
    fileprivate var program: String {
        switch self {
        case .fentry: "connect_fentry"
        case .kprobe: "connect_kprobe"
        case .tpBTF: "connect_state"
        }
    }

    /// All that go with it, in the order in which they are attached: no connection may begin whose end is not seen.
    var programs: [String] {
        let life = self == .tpBTF ? [] : ["life"]
        // It is there for what is skipped, which is nothing where each hook has a tracepoint of its own to itself.
        let destroy = self == .tpBTF || Kernel.preemptsTracepoints ? ["destroy"] : []
        // A child that PHP has started is followed from its start.
        return (Probe.hasOrigins ? ["fork"] : []) + ["exec"] + destroy + life + [program]
    }

    fileprivate static var allPrograms: [String] { ["fork", "exec", "destroy", "life"] + allCases.map(\.program) }
    /// They see the segments of connections.
    fileprivate static let segmentPrograms = ["ingress", "egress"]
    /// It sees what is given to TLS.
    fileprivate static let clearTextProgram = "clear_text"
}

/// A rung of the ladder that does not bear, and why.
public struct HookRefusal: Sendable {
    public let hook: Hook
    public let reason: String
}

/// No connects can be seen.
public struct ProbeError: Error, CustomStringConvertible {
    /// What of it a caller can act on.
    public enum Cause: Sendable {
        /// The kernel said EPERM: capabilities are missing, or it is locked down.
        case notPermitted
        /// The kernel has not what is needed.
        case unsupported
    }

    public let cause: Cause
    public let description: String
    public let refusals: [HookRefusal]
}

/// The loaded kernel side: watches outbound connects to the given ports until it goes.
public struct Probe: ~Copyable {
    /// Bytes of the ring buffer, unless told otherwise: 15,000 connects of new processes, or 40,000 of known ones.
    public static let defaultRingSize = 1 << 22
    public static let defaultFollowLimit = Int(PROBE_SOCKETS)

    public let hook: Hook
    /// The rungs above `hook`.
    public let refusals: [HookRefusal]
    /// The PHP whose stacks are read.
    public let php: PHPPrograms

    // Fields go in the order in which they stand: the links first, then the ring, then what they lie in.
    private var links: [BPFLink] = []
    private var ring: RingBuffer
    private let counts: Counts
    private let object: BPFObject
    private let maps: Maps
    private let skips: Skips
    private var undecodable: UInt64 = 0
    private var evicted: UInt64 = 0
    private let followLimit: Int
    private let withQuery: Bool

    private struct Maps {
        let ports, sockets, identities, contexts, losses, losers: Int32
    }

    /// Loads the kernel side and begins to watch.
    ///
    /// - Parameters:
    ///   - hook: this rung and no other; nil takes the first that bears.
    ///   - ringSize: in bytes, a power of two and at least a page.
    ///   - followLimit: connections followed at the same time.
    ///   - php: the PHP binaries whose stacks are read; `php.learn` adds more.
    ///   - withQuery: leaves the query in the path of PHP requests. It can hold secrets.
    ///   - dialogues: whose are read.
    ///   - tls: the libraries whose callers' envelopes are read before they are encrypted.
    public static func attach(
        ports: PortSet, hook: Hook? = nil, ringSize: Int = defaultRingSize, followLimit: Int = 32_768,
        php: [PHPBinary] = [], withQuery: Bool = false, dialogues: Dialogues = .ofAnyPort,
        tls: [TLSLibrary] = []
    ) throws(ProbeError) -> Probe {
        var refusals: [HookRefusal] = []
        var permitted = true
        for candidate in hook.map({ [$0] }) ?? Hook.ladder {
            do throws(BPFError) {
                try candidate.checkOffered()
                let object = try open(
                    bearing: candidate, ringSize: ringSize, followLimit: followLimit, dialogues: dialogues,
                    withTLS: !tls.isEmpty)
                return try start(
                    object, ports: ports, php: php, tls: tls, dialogues: dialogues, withQuery: withQuery,
                    hook: candidate, refusals: refusals, followLimit: followLimit)
            } catch {
                permitted = permitted && !error.isPermission
                refusals.append(HookRefusal(hook: candidate, reason: error.description))
            }
        }
        let reasons = refusals.map { "\($0.hook.rawValue): \($0.reason)" }.joined(separator: "; ")
        throw ProbeError(
            cause: permitted ? .unsupported : .notPermitted, description: "no hook can be attached (\(reasons))",
            refusals: refusals)
    }

    private static func open(
        bearing hook: Hook, ringSize: Int, followLimit: Int, dialogues: Dialogues, withTLS: Bool
    ) throws(BPFError) -> BPFObject {
        // Its errors come as codes; what it would print on stderr is for its own developers.
        _ = unsafe libbpf_set_print(nil)
        let program = unsafe probe_object()
        // The embedded object lives as long as the program.
        let object = try unsafe BPFObject(bytes: program.bytes, count: program.size)
        var random = SystemRandomNumberGenerator()
        try object.configure(
            probe_config(
                key: (random.next(), random.next()), origins: hasOrigins ? 1 : 0,
                segment_origins: hasSegmentOrigins ? 1 : 0, any_port: dialogues == .ofAnyPort ? 1 : 0,
                tls: withTLS ? 1 : 0))
        try object.resize("events", to: ringSize)
        try object.resize("sockets", to: followLimit)
        if !hasOrigins {
            try object.leaveOut(map: "origins")
            try object.leaveOut(map: "executions")
        }
        for program in Hook.allPrograms where !hook.programs.contains(program) { try object.leaveOut(program) }
        if !withTLS {
            try object.leaveOut(map: "clear_texts")
            try object.leaveOut(Hook.clearTextProgram)
        }
        if dialogues.cgroup == nil { for program in Hook.segmentPrograms { try object.leaveOut(program) } }
        return object
    }

    private static func start(
        _ object: consuming BPFObject, ports: PortSet, php: [PHPBinary], tls: [TLSLibrary], dialogues: Dialogues,
        withQuery: Bool, hook: Hook, refusals: [HookRefusal], followLimit: Int
    ) throws(BPFError) -> Probe {
        try object.load()
        // libbpf has read the kernel's whole type information for this, and it will not be needed again.
        clinux_return_memory()
        let maps = try Maps(
            ports: object.mapDescriptor("ports"), sockets: object.mapDescriptor("sockets"),
            identities: object.mapDescriptor("identities"), contexts: object.mapDescriptor("contexts"),
            losses: object.mapDescriptor("losses"), losers: object.mapDescriptor("losers"))
        let ring = try RingBuffer(map: object.mapDescriptor("events"))
        let skips = try Skips(hook, object)
        var probe = try Probe(
            hook: hook, refusals: refusals, ring: ring, counts: Counts(map: object.mapDescriptor(".data.counts")),
            object: object, maps: maps, skips: skips, php: PHPPrograms(object), withQuery: withQuery,
            followLimit: followLimit)
        try probe.watch(ports)
        for binary in php { probe.php.learn(binary) }
        try probe.attachPrograms(tls, dialogues)
        return probe
    }

    private mutating func attachPrograms(_ libraries: [TLSLibrary], _ dialogues: Dialogues) throws(BPFError) {
        for library in libraries {
            for offset in library.file.offsets.values {
                links.append(try object.attach(Hook.clearTextProgram, at: offset, of: library.file.path))
            }
        }
        // First, so that no connection begins whose dialogue is not seen.
        if let cgroup = dialogues.cgroup {
            for program in Hook.segmentPrograms { links.append(try object.attach(program, cgroup: cgroup)) }
        }
        for program in hook.programs { links.append(try object.attach(program)) }
    }

    private init(
        hook: Hook, refusals: [HookRefusal], ring: consuming RingBuffer, counts: consuming Counts,
        object: consuming BPFObject, maps: Maps, skips: Skips, php: PHPPrograms, withQuery: Bool, followLimit: Int
    ) {
        self.hook = hook
        self.refusals = refusals
        self.ring = ring
        self.counts = counts
        self.object = object
        self.maps = maps
        self.skips = skips
        self.php = php
        self.withQuery = withQuery
        self.followLimit = followLimit
    }

    /// Runs that the kernel skipped, and that no later one made up for.
    private struct Skips {
        /// Those that see connects, where it may skip them.
        private let connect: Int32?
        private let life: Int32
        private let destroy: Int32?
        /// Those of forks and executions, where it may skip them.
        private let others: [Int32]

        init(_ hook: Hook, _ object: borrowing BPFObject) throws(BPFError) {
            connect = hook.mayBeSkipped ? try object.programDescriptor(hook.program) : nil
            life = try object.programDescriptor(hook == .tpBTF ? hook.program : "life")
            destroy = hook.programs.contains("destroy") ? try object.programDescriptor("destroy") : nil
            var others: [Int32] = []
            for name in ["fork", "exec"] where Kernel.preemptsTracepoints && hook.programs.contains(name) {
                others.append(try object.programDescriptor(name))
            }
            self.others = others
        }

        var count: UInt64 {
            // An end is lost where both were skipped.
            let ends = min(shim_missed_runs(life), destroy.map(shim_missed_runs) ?? .max)
            return (connect.map(shim_missed_runs) ?? 0) + ends + others.reduce(0) { $0 + shim_missed_runs($1) }
        }
    }

    /// Readable when records wait: for poll(2).
    public var descriptor: Int32 { ring.descriptor }

    /// Hands the events that wait to `body`, in order and without waiting, at most `limit` records. Returns how many
    /// records were read.
    public mutating func read(limit: Int = .max, _ body: (KernelEvent) -> Void) -> Int {
        var undecodable: UInt64 = 0
        let withQuery = withQuery
        let count = ring.read(limit: limit) { record in
            if let event = RecordDecoder.decode(record, withQuery: withQuery) { body(event) } else { undecodable += 1 }
        }
        self.undecodable += undecodable
        return count
    }

    /// All that was lost since the beginning.
    public func losses() -> Losses {
        var total = Losses()
        var zero: UInt32 = 0
        var perCPU = [probe_losses](repeating: probe_losses(), count: Int(max(libbpf_num_possible_cpus(), 1)))
        // The map holds one probe_losses for each possible CPU.
        if unsafe bpf_map_lookup_elem(maps.losses, &zero, &perCPU) == 0 {
            for cpu in perCPU {
                total.connects += cpu.connects
                total.established += cpu.established
                total.ends += cpu.closed
                total.unfollowed += cpu.unfollowed
                total.contexts += cpu.contexts
                total.origins += cpu.origins
                total.lines += cpu.lines
                total.dialogues += cpu.dialogues
            }
        }
        total.unfollowed += evicted
        if total.total > 0 { total.users = losers() }
        total.missed = skips.count
        total.undecodable = undecodable
        return total
    }

    /// How many records each user lost.
    private func losers() -> [UInt32: UInt64] {
        var users: [UInt32: UInt64] = [:]
        var key: UInt32 = 0
        var next: UInt32 = 0
        var found = unsafe bpf_map_get_next_key(maps.losers, nil, &next) == 0
        // Keys are 4 bytes, values 8. The kernel side only adds.
        for _ in 0..<Int(PROBE_LOSERS) where found {
            key = next
            var count: UInt64 = 0
            if unsafe bpf_map_lookup_elem(maps.losers, &key, &count) == 0 { users[key] = count }
            found = unsafe bpf_map_get_next_key(maps.losers, &key, &next) == 0
        }
        return users
    }

    /// The connections that the kernel side follows now.
    public func followedConnections() -> Set<UInt64> {
        var connections: Set<UInt64> = []
        for (_, value) in followedSockets() { connections.insert(value[0]) }
        return connections
    }

    /// The map of sockets: connection, established_ns, by_content, accounted, talker, began_before.
    private func followedSockets() -> [(key: UInt64, value: [6 of UInt64])] {
        var sockets: [(key: UInt64, value: [6 of UInt64])] = []
        var key: UInt64 = 0
        var next: UInt64 = 0
        // Keys are 8 bytes, values six words. The walk starts anew when its key goes meanwhile: hence the bound.
        var found = unsafe bpf_map_get_next_key(maps.sockets, nil, &next) == 0
        for _ in 0..<4 * Int(PROBE_SOCKETS) where found {
            key = next
            var value = [6 of UInt64](repeating: 0)
            if unsafe bpf_map_lookup_elem(maps.sockets, &key, &value) == 0 { sockets.append((key, value)) }
            found = unsafe bpf_map_get_next_key(maps.sockets, &key, &next) == 0
        }
        return sockets
    }

    /// How many connections have to be evicted, so that there is room for new ones; mostly 0.
    public var excess: Int { counts.followed > followLimit - followLimit / 4 ? max(followLimit / 8, 1) : 0 }

    /// Follows these connections no longer, and counts them as unfollowed. Their ends are not told.
    public mutating func evict(_ connections: Set<UInt64>) {
        var byContent = 0
        var resumable = 0
        var count = 0
        for (key, value) in followedSockets() where connections.contains(value[0]) {
            var key = key
            guard unsafe bpf_map_delete_elem(maps.sockets, &key) == 0 else { continue }
            count += 1
            byContent += value[2] == 0 ? 0 : 1
            resumable += value[5] == 0 ? 0 : 1
        }
        counts.subtract(followed: count, byContent: byContent, resumable: resumable)
        evicted += UInt64(count)
    }

    /// The connections to watched ports that were there before the probe, with a process that holds each: what the kernel
    /// knows of it; argv, the cgroup and the ancestors are missing. From here on they are followed. Call it once, and hand
    /// on what it returns before anything is read. A connection that no process holds is not found.
    ///
    /// - Throws: `ProbeError` where the kernel has no iterator of files (CONFIG_PROC_FS), or refuses it.
    public func takeOver() throws(ProbeError) -> [ConnectEvent] {
        let bytes: [UInt8]
        do throws(BPFError) {
            // A record has less than 4 KiB.
            bytes = try object.iterate("open_connections", limit: followLimit << 12)
        } catch {
            throw ProbeError(
                cause: error.isPermission ? .notPermitted : .unsupported,
                description: "cannot find connections that are open already (\(error))", refusals: [])
        }
        // The array lives until they are decoded.
        return unsafe RecordDecoder.connects(bytes.span.bytes)
    }

    /// Has the kernel side describe these identities and contexts again when they are next seen.
    public func forget(identities: [UInt64], contexts: [UInt64]) {
        for (map, names) in [(maps.identities, identities), (maps.contexts, contexts)] {
            for var name in names {
                // Gone already is as good.
                _ = unsafe bpf_map_delete_elem(map, &name)
            }
        }
    }

    /// Watches these ports, and no others.
    func watch(_ ports: PortSet) throws(BPFError) {
        var zero: UInt32 = 0
        var words = ports.words
        // The map's value is PROBE_PORT_WORDS words, as PortSet has them.
        try check("set the port filter", unsafe bpf_map_update_elem(maps.ports, &zero, &words, 0))
    }
}

extension BPFError {
    fileprivate var isPermission: Bool { code == 1 || code == 13 }
}
