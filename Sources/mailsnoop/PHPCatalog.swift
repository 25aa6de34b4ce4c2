internal import HostFacts
internal import KernelProbe
internal import MailWatch
internal import PHPRuntime
internal import Synchronization

/// The PHP programs of this host: found at the start, and learned as they are started. What is found is handed to the probe
/// at once.
final class PHPCatalog: Sendable {
    private typealias Answer = @Sendable (String?) -> Void

    fileprivate struct File: Hashable {
        let inode: UInt64
        let device: UInt32
    }

    private struct State {
        var findings = PHPFindings()
        /// Why a program cannot be read, nil where it can. Bounded: whoever starts programs decides how many there are.
        var reasons: [File: String?] = [:]
        /// Who waits for what is being looked at.
        var waiting: [File: [Answer]] = [:]
        /// Programs that made room for others, by owner.
        var evictions: [UInt32: Int] = [:]
    }

    private static let reasonLimit = 4096
    private static let waitingLimit = 4096
    private static let noRoom = "its user has too many PHP programs: the stacks of some of them are not read"

    /// Nil where nothing is traced.
    private let programs: PHPPrograms?
    private let workers: Workers
    private let scanner = PHPScanner()
    private let state = Mutex(State())

    init(_ programs: PHPPrograms?, workers: Workers) {
        self.programs = programs
        self.workers = workers
    }

    /// Looks at all that runs or is installed, and waits `patience` for it at most. Returns what did not answer by then.
    @discardableResult
    func scan(patience: Duration) -> [String] {
        let parts = PHPScanner.parts()
        let jobs = parts.map { part -> (payer: Workers.Payer, body: @Sendable () -> Void) in
            let payer: Workers.Payer =
                switch part {
                case .installed(let pattern): .place(pattern)
                case .process(_, let user): .user(user)
                }
            return (payer, { [self] in scanner.look(through: part) { note($0) } })
        }
        return workers.runAll(jobs, patience: patience).sorted().map { number in
            switch parts[number] {
            case .installed(let pattern): pattern
            case .process(let pid, _): "process \(pid)"
            }
        }
    }

    /// What has been found so far.
    var findings: [PHPFinding] { state.withLock { $0.findings.all } }

    /// Has a program that was started looked at. What cannot be looked at now is asked for again when it is next started.
    func look(at program: ProgramEvent) {
        let file = File(inode: program.inode, device: program.device)
        let isNew = state.withLock { state in
            guard state.waiting[file] == nil, state.waiting.count < Self.waitingLimit else { return false }
            state.waiting[file] = []
            return true
        }
        guard isNew else { return }
        workers.run(for: .user(program.uid)) { [self] in
            var isKnown = false
            for finding in PHPInspector.inspect(pid: program.pid) {
                note(finding)
                if case .known = finding { isKnown = true }
            }
            if !isKnown { programs?.refuse(program) }
            answer(file, or: nil)
        } otherwise: { [self] refusal in
            answer(
                file,
                or: refusal == .tooMany
                    ? "its user starts more PHP programs than are looked at" : "its file system did not answer in time")
        }
    }

    /// Hands over why the stack of this process cannot be read, should it be PHP and have none: at once, or when its program
    /// has been looked at.
    func findReason(for process: ProcessDescription, then answer: @escaping @Sendable (String?) -> Void) {
        let file = File(inode: process.exeInode, device: process.exeDevice)
        let known = state.withLock { state -> String?? in
            guard state.waiting[file] == nil else {
                state.waiting[file]?.append { [self] in answer($0 ?? reason(for: process)) }
                return nil
            }
            return .some(nil)
        }
        if known != nil { answer(reason(for: process)) }
    }

    /// The same by what is known now.
    func reason(for process: ProcessDescription) -> String? {
        let file = File(inode: process.exeInode, device: process.exeDevice)
        if let reason = state.withLock({ $0.reasons[file] }) { return reason }
        let name = process.exe.split(separator: UInt8(ascii: "/")).last ?? process.comm[...]
        let isCalledPHP = name.starts(with: "php".utf8) || name.starts(with: "lsphp".utf8)
        return isCalledPHP ? "this PHP was not known yet" : nil
    }

    /// How many programs of each user are not read for want of room, since the last call.
    func takeEvictions() -> [(uid: UInt32, count: Int)] {
        state.withLock { state in
            defer { state.evictions = [:] }
            return state.evictions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    private func answer(_ file: File, or reason: String?) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: file) ?? [] }
        for answer in waiting { answer(reason) }
    }

    private func note(_ finding: PHPFinding) {
        var outcome = PHPPrograms.Outcome(isKept: true)
        if case .known(let binary) = finding, let programs { outcome = programs.learn(binary) }
        state.withLock { state in
            state.findings.add(finding)
            if state.reasons.count >= Self.reasonLimit { state.reasons = [:] }
            switch finding {
            case .known(let binary):
                state.reasons[File(binary)] = .some(outcome.isKept ? nil : Self.noRoom)
                if !outcome.isKept { state.evictions[binary.owner, default: 0] += 1 }
            case .unknown(_, let inode, let device, let reason):
                state.reasons[File(inode: inode, device: kernelDevice(device))] = reason
            }
            for binary in outcome.evicted {
                state.reasons[File(binary)] = Self.noRoom
                state.evictions[binary.owner, default: 0] += 1
            }
        }
    }
}

extension PHPCatalog.File {
    fileprivate init(_ binary: PHPBinary) {
        self.init(inode: binary.inode, device: kernelDevice(binary.device))
    }
}
