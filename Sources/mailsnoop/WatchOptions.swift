internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import HostFacts
internal import KernelProbe
internal import MailWatch

/// What to watch, and how.
struct WatchOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A port to watch, a range as 1000-2000, or all. May be repeated. (default: 25,465,587,2525)",
            valueName: "port"),
        transform: { text in
            guard let ports = PortSet(text) else {
                throw ValidationError(
                    "'\(Escaping.text(text))' is no port. Give 1 to 65535, a range as 1000-2000, or all.")
            }
            return ports
        })
    var port: [PortSet] = []

    @Flag(
        inversion: .prefixedNo,
        help:
            "Also watch connections to other ports that begin with EHLO, HELO or LHLO, or ask a proxy for a mail port. (default: yes, and no with --port)"
    )
    var anyPort: Bool?

    @Flag(
        name: .customLong("no-dialogue"),
        help: "Do not read what client and server say: fewer verdicts can be given. Leaves out --any-port and --tls.")
    var noDialogue = false

    @Flag(
        name: .long,
        help:
            "Also read EHLO, MAIL FROM and RCPT TO that go through OpenSSL or GnuTLS. It costs each use of these a little."
    )
    var tls = false

    @Option(name: .long, help: ArgumentHelp("Only this process. May be repeated.", valueName: "pid"))
    var pid: [UInt32] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Only this real or effective user, name or number. May be repeated.", valueName: "user"))
    var user: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Only processes or threads of this name. May be repeated.", valueName: "name"))
    var comm: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only programs whose path matches this pattern, as '/usr/bin/php*'. May be repeated.", valueName: "pattern")
    )
    var exe: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Use this hook and no other: \(Self.hookNames). (default: the first that the kernel takes)",
            valueName: "name"),
        transform: { text in
            guard let hook = Hook(rawValue: text) else {
                throw ValidationError("There is no hook '\(Escaping.text(text))'. There are: \(hookNames).")
            }
            return hook
        })
    var hook: Hook?

    private static var hookNames: String { Hook.allCases.map(\.rawValue).joined(separator: ", ") }

    @Flag(name: .long, help: "Keep the query in the path of PHP requests. It can hold secrets.")
    var withQuery = false

    @Option(
        name: .long,
        help: ArgumentHelp("Size of the ring buffer, a power of two from 4 to 1048576.", valueName: "KiB"))
    var ringKib: Int = Probe.defaultRingSize >> 10

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What this host trusts, and its ports. (default: \(Configuration.standardPath), if it exists)",
            valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only connections with this verdict: \(Verdict.names). May be repeated.", valueName: "name"),
        transform: Verdict.named)
    var verdict: [Verdict] = []

    @Flag(name: .customLong("no-dns"), help: "Do not look up the names of destinations.")
    var noDNS = false

    func validate() throws {
        guard (4...1 << 20).contains(ringKib), ringKib.nonzeroBitCount == 1 else {
            throw ValidationError("--ring-kib takes a power of two from 4 to 1048576, not \(ringKib).")
        }
        guard !noDialogue || !tls && anyPort != true else {
            throw ValidationError("--no-dialogue leaves nothing for --any-port and --tls to read.")
        }
        for user in user where UserNames.uid(user) == nil {
            throw ValidationError(
                "There is no user '\(Escaping.text(user))' here. Give a name of getent passwd, or a number.")
        }
    }

    /// What the configuration says; what there is without one where there is none.
    func configuration() throws -> Configuration { try Self.configuration(at: config) }

    /// - Parameter path: nil for the standard one.
    static func configuration(at path: String?) throws -> Configuration {
        do {
            if let path {
                guard let configuration = try Configuration(path: path) else {
                    throw Failure(
                        description: "there is no file \(Escaping.text(path)), which --config names",
                        exitStatus: EX_NOINPUT)
                }
                return configuration
            }
            return try Configuration(path: Configuration.standardPath) ?? Configuration()
        } catch let error as ConfigurationError {
            throw Failure(description: error.description, exitStatus: EX_CONFIG)
        }
    }

    /// The command line comes before the configuration.
    private func ports(_ configuration: Configuration) -> PortSet {
        if port.isEmpty { return configuration.ports ?? .mail }
        var ports = PortSet([])
        for more in port { ports.formUnion(more) }
        return ports
    }

    var filter: ConnectionFilter {
        var filter = ConnectionFilter()
        filter.pids = pid
        filter.users = user.compactMap { UserNames.uid($0) }
        filter.comms = comm
        filter.exes = exe
        return filter
    }

    private var dialogues: Dialogues { noDialogue ? .unread : anyPort ?? port.isEmpty ? .ofAnyPort : .ofPorts }

    private func libraries() throws -> [TLSLibrary] {
        let libraries = TLSLibraries.scan()
        guard !libraries.isEmpty else {
            throw Failure(
                description: "no OpenSSL or GnuTLS library is installed or loaded here. Leave --tls out",
                exitStatus: EX_UNAVAILABLE)
        }
        return libraries
    }

    func attach(_ configuration: Configuration) throws -> Probe {
        let libraries = tls ? try libraries() : []
        do {
            return try Probe.attach(
                ports: ports(configuration), hook: hook, ringSize: ringKib << 10, withQuery: withQuery,
                dialogues: dialogues, tls: libraries)
        } catch {
            throw Failure.probe(error)
        }
    }
}

extension Verdict {
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Of an argument.
    static func named(_ text: String) throws -> Verdict {
        guard let verdict = Verdict(rawValue: text) else {
            throw ValidationError("There is no verdict '\(Escaping.text(text))'. There are: \(names).")
        }
        return verdict
    }
}
