internal import Dispatch
internal import HostFacts
internal import KernelProbe
internal import MailWatch
internal import PHPRuntime
internal import Synchronization

/// The PHP programs of this host: found at the start, and learned as they are started.
///
/// Their files are read by a worker, as any of them may lie on a file system that never answers.
final class PHPCatalog: Sendable {
    /// What has been found out, for the probe.
    struct News: Sendable {
        /// Who asked; nil for what was found by the scan.
        let program: ProgramEvent?
        let findings: [PHPFinding]
    }

    private struct File: Hashable {
        let inode: UInt64
        let device: UInt32
    }

    private struct State {
        var news: [News] = []
        /// Why a program cannot be read, nil where it can. Bounded: whoever starts programs decides how many there are.
        var reasons: [File: String?] = [:]
        var isBusy = false
        var allowance = PHPCatalog.programsPerTick
        var allowanceForOthers = PHPCatalog.othersPerTick
    }

    private static let reasonLimit = 1024
    /// Programs to look at between two ticks.
    private static let programsPerTick = 16
    /// Of those, programs that are only as large as PHP: a host that compiles has many.
    private static let othersPerTick = 5
    private static let scanPatience = DispatchTimeInterval.seconds(3)
    /// PHP takes 10 ms and more until it runs its first line.
    private static let patience = DispatchTimeInterval.milliseconds(20)

    private let state = Mutex(State())
    private let worker = DispatchQueue(label: "mailsnoop.php")

    /// Looks at all that runs or is installed.
    func scan() { ask(nil, patience: Self.scanPatience) { PHPScanner.scan() } }

    /// Looks at a program that was started. What cannot be looked at now is asked for again when it is next started.
    func look(at program: ProgramEvent) {
        let isAllowed = state.withLock { state in
            guard !state.isBusy, state.allowance > 0, program.isNamed || state.allowanceForOthers > 0 else {
                return false
            }
            state.allowance -= 1
            if !program.isNamed { state.allowanceForOthers -= 1 }
            return true
        }
        guard isAllowed else { return }
        ask(program, patience: Self.patience) { PHPInspector.inspect(pid: program.pid) }
    }

    /// What was found out since the last call.
    func takeNews() -> [News] {
        state.withLock { state in
            defer { state.news = [] }
            return state.news
        }
    }

    /// A few times a second.
    func tick() {
        state.withLock {
            $0.allowance = Self.programsPerTick
            $0.allowanceForOthers = Self.othersPerTick
        }
    }

    /// Why the stack of this process cannot be read, should it be PHP and have none.
    func reason(for process: ProcessDescription) -> String? {
        let name = process.exe.split(separator: UInt8(ascii: "/")).last ?? process.comm[...]
        let file = File(inode: process.exeInode, device: process.exeDevice)
        if let reason = state.withLock({ $0.reasons[file] }) { return reason }
        let isCalledPHP = name.starts(with: "php".utf8) || name.starts(with: "lsphp".utf8)
        return isCalledPHP ? "this PHP was not known yet" : nil
    }

    private func ask(
        _ program: ProgramEvent?, patience: DispatchTimeInterval, _ find: @escaping @Sendable () -> [PHPFinding]
    ) {
        let answered = DispatchSemaphore(value: 0)
        state.withLock { $0.isBusy = true }
        worker.async { [self] in
            let findings = find()
            state.withLock { state in
                state.isBusy = false
                state.news.append(News(program: program, findings: findings))
                if state.reasons.count + findings.count > Self.reasonLimit { state.reasons = [:] }
                for finding in findings {
                    switch finding {
                    case .known(let binary):
                        state.reasons[File(inode: binary.inode, device: kernelDevice(binary.device))] = .some(nil)
                    case .unknown(_, let inode, let device, let reason):
                        state.reasons[File(inode: inode, device: kernelDevice(device))] = reason
                    }
                }
            }
            answered.signal()
        }
        _ = answered.wait(timeout: .now() + patience)
    }
}
