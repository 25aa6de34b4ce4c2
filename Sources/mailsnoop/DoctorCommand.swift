internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import HostFacts
internal import KernelProbe
internal import MailWatch
internal import PHPRuntime
internal import Reports
internal import Scripts

struct DoctorCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case table, json }

    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says whether mailsnoop can trace here, and what is missing.",
        discussion: "Exit status: 0 usable, 1 degraded, 2 unusable.")

    @Option(name: .shortAndLong, help: "What to write.")
    var format: Format = .table

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The configuration to check. (default: \(Configuration.standardPath), if it exists)", valueName: "file"))
    var config: String?

    func run() throws {
        let trust = try checkTrust()
        let diagnosis = Diagnosis(
            checks: Self.checkSystem() + Self.checkHooks() + Self.checkLimits() + Self.checkUnseen() + Self.checkPHP()
                + trust)
        let text = format == .json ? diagnosis.json : diagnosis.table
        // Writes the whole array.
        guard unsafe write(STDOUT_FILENO, text, text.count) == text.count else { throw Failure.output(errno) }
        throw ExitCode(diagnosis.exitStatus)
    }

    /// One check for each entry that an attacker may meet.
    private func checkTrust() throws -> [Diagnosis.Check] {
        let configuration = try WatchOptions.configuration(at: config)
        let warnings = configuration.warnings
        guard warnings.isEmpty else { return warnings.map { .init("trusted senders", .degraded, $0) } }
        let count = configuration.policy.trusted.count
        return [
            .init(
                "trusted senders", count == 0 ? .unused : .ok,
                count == 0 ? "no [[trusted]] entry is configured" : "\(count) configured")
        ]
    }

    private static func checkSystem() -> [Diagnosis.Check] {
        let missing = Capabilities().missing
        return [
            .init("kernel", .ok, "\(Kernel.release) \(Kernel.machine), libbpf \(Probe.libraryVersion)"),
            missing.isEmpty
                ? .init("capabilities", .ok, "CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN")
                : .init("capabilities", .unusable, "\(missing.joined(separator: ", ")) missing: run as root"),
            Kernel.hasBTF
                ? .init("BTF", .ok, Kernel.btfPath)
                : .init("BTF", .unusable, "\(Kernel.btfPath) is missing: CONFIG_DEBUG_INFO_BTF is off"),
            Probe.hasRingBuffer
                ? .init("ring buffer", .ok, "\(Probe.defaultRingSize >> 10) KiB")
                : .init("ring buffer", .unusable, "cannot be made: needs kernel 5.8 or later, and CAP_BPF"),
        ]
    }

    /// Tries each rung by attaching it.
    private static func checkHooks() -> [Diagnosis.Check] {
        var used: Hook?
        var checks: [Diagnosis.Check] = []
        for hook in Hook.ladder {
            let name = "hook \(hook.rawValue)"
            do {
                _ = try Probe.attach(ports: .mail, hook: hook, ringSize: 4096)
                let skips = hook.mayBeSkipped ? "; this kernel may skip it in a storm, which is counted" : ""
                checks.append(
                    used.map { .init(name, .ok, "\(hook.target): works, \($0.rawValue) comes first\(skips)") }
                        ?? .init(name, hook.mayBeSkipped ? .degraded : .ok, "\(hook.target): used\(skips)"))
                used = used ?? hook
            } catch {
                let reason = error.refusals.first?.reason ?? error.description
                checks.append(.init(name, .unused, "\(hook.target): \(reason)\(explain(hook))"))
            }
        }
        if used == nil { checks.append(.init("hooks", .unusable, "none can be attached")) }
        return checks
    }

    private static func explain(_ hook: Hook) -> String {
        if let lockdown = Kernel.lockdown, lockdown != "none" { return " (the kernel is locked down: \(lockdown))" }
        if hook == .fentry, Capabilities().missing.isEmpty { return " (this kernel refuses fentry programs)" }
        return ""
    }

    /// One check for each PHP binary.
    private static func checkPHP() -> [Diagnosis.Check] {
        var checks: [Diagnosis.Check] = [
            Probe.hasOrigins
                ? .init("PHP origins", .ok, "mail() and exec(): children of PHP carry the script that started them")
                : .init(
                    "PHP origins", .degraded,
                    "this kernel cannot have children of PHP carry the script that started them: needs 5.12")
        ]
        let catalog = PHPCatalog(nil, workers: Workers())
        for place in catalog.scan(patience: .seconds(5)) {
            checks.append(.init("PHP", .degraded, "\(place): the file system does not answer"))
        }
        for finding in catalog.findings {
            switch finding {
            case .known(let binary) where binary.kind == .host:
                checks.append(.init("PHP host", .ok, "\(binary.path): searched for libphp"))
            case .known(let binary):
                let series = binary.layout?.series ?? "?"
                checks.append(
                    .init(
                        "PHP \(binary.version)", .ok,
                        "\(binary.path): "
                            + (binary.isVerified
                                ? "known" : "unverified, read by the offsets of \(series), the newest that are known")))
            case .unknown(let path, _, _, let reason):
                checks.append(.init("PHP", .degraded, "\(path): \(reason)"))
            }
        }
        if checks.count == 1 { checks.append(.init("PHP", .unused, "none is installed or runs")) }
        return checks
    }

    /// What remains outside of what is seen.
    private static func checkUnseen() -> [Diagnosis.Check] {
        let holders = UnseenSenders.rawSockets()
        let names = holders.prefix(10).map {
            $0.pid == 0 ? "\($0.kind) of an unknown process" : "\($0.kind) of \($0.name) (pid \($0.pid))"
        }
        let rest = holders.count > names.count ? " and \(holders.count - names.count) more" : ""
        let preloaded = UnseenSenders.preloaded()
        return [
            .init(
                "raw sockets", .ok,
                "mail sent through raw and packet sockets is not seen; "
                    + (holders.isEmpty
                        ? "none is open in this network namespace"
                        : "open now: \(names.joined(separator: ", "))\(rest)")),
            preloaded.isEmpty
                ? .init("ld.so.preload", .ok, "loads nothing into programs")
                : .init(
                    "ld.so.preload", .degraded,
                    "every program loads \(preloaded.prefix(10).joined(separator: ", ")): what these do counts as the program's"
                ),
            .init(
                "root", .ok, "verdicts hold against other users; root can imitate the mail server or stop the tracer"),
        ]
    }

    private static func checkTLS() -> Diagnosis.Check {
        let libraries = TLSLibraries.scan()
        guard !libraries.isEmpty else {
            return .init("envelope in TLS", .unused, "no OpenSSL or GnuTLS library is installed or loaded")
        }
        do {
            _ = try Probe.attach(ports: .mail, ringSize: 4096, tls: libraries)
            return .init(
                "envelope in TLS", .ok,
                "with --tls, through \(libraries.count) \(libraries.count == 1 ? "library" : "libraries")")
        } catch {
            return .init("envelope in TLS", .degraded, "--tls cannot be had: \(error.description)")
        }
    }

    private static func checkScripts() -> Diagnosis.Check {
        let missing = Capabilities().missingForFiles
        let answers = FileSearch.processes().compactMap(ScriptInspector.canReach)
        let count = "the files of \(answers.count { $0 }) of \(answers.count) processes can be read"
        guard missing.isEmpty else {
            return .init(
                "scripts", .degraded,
                "\(count): \(missing.joined(separator: ", ")) missing, so owner, hash and application are not known")
        }
        return .init("scripts", .ok, count)
    }

    private static func checkLimits() -> [Diagnosis.Check] {
        [
            Kernel.cgroup2Mount.map { .init("cgroup v2", .ok, $0) }
                ?? .init(
                    "cgroup v2", .degraded,
                    "not mounted: the mail dialogue is not seen, and systemd units and containers may not be named"),
            Probe.hasSegmentOrigins
                ? .init("mail on any port", .ok, "with the PHP script that started its sender")
                : .init(
                    "mail on any port", .degraded,
                    "on ports that are not watched, the script that started the sender is not told: 6.18 can, 6.12 cannot"
                ),
            checkTLS(),
            checkScripts(),
            Probe.hasSocketCookies
                ? .init("socket cookie", .ok, "in every connect")
                : .init("socket cookie", .degraded, "this kernel does not tell it to tracing programs: needs 5.12"),
            Kernel.jitsBPF == false
                ? .init(
                    "BPF JIT", .degraded,
                    "off: each connect costs several times as much (sysctl net.core.bpf_jit_enable=1)")
                : .init("BPF JIT", .ok, "on"),
            .init(
                "locked memory", .ok,
                Kernel.lockedMemoryLimit.map {
                    "limit \($0 >> 10) KiB; raised where the kernel (before 5.11) counts it"
                }
                    ?? "no limit"),
        ]
    }
}
