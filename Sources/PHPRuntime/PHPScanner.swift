internal import Glibc
internal import Synchronization

/// What of PHP is on this host now, looked for part by part: each part may lie on a file system that never answers.
public final class PHPScanner: Sendable {
    /// A part of the host that is looked through at a time.
    public enum Part: Sendable, Equatable {
        /// The files of this pattern (glob(7), with braces).
        case installed(pattern: String)
        /// The program of a process, and what it has loaded. `user` is its real user.
        case process(pid: UInt32, user: UInt32)
    }

    /// Where distributions and control panels install PHP (glob(7), with braces).
    private static let patterns = [
        "/usr/bin/php*", "/usr/sbin/php-fpm*", "/usr/lib/cgi-bin/php*", "/usr/sbin/{apache2,httpd}",
        "/usr/lib/apache2/modules/libphp*.so", "/usr/lib{,64}/httpd/modules/libphp*.so",
        "/usr/local/{bin,sbin}/php*", "/usr/local/lsws/lsphp*/bin/*php*",
    ]
    /// The same, below each folder of /opt: Sury, Remi, Plesk; cPanel's EasyApache and software collections; CloudLinux.
    private static let optionalPatterns = ["php*/{bin,sbin}/php*", "*/root/usr/{bin,sbin}/php*"]
    private static let cloudLinuxPattern = "php*/usr/{bin,sbin}/*"
    private static let optionalLimit = 256

    private struct Question: Hashable {
        var file: FileIdentity
        var isHost: Bool
    }

    private static let answerLimit = 4096

    /// What was found in the files so far: a web server has hundreds of processes.
    private let answers = Mutex<[Question: PHPFinding?]>([:])

    public init() {}

    /// All of this host, one part after the other. Waits for each file system.
    public static func scan() -> [PHPFinding] {
        let scanner = PHPScanner()
        var findings = PHPFindings()
        for part in parts() { scanner.look(through: part) { findings.add($0) } }
        return findings.all
    }

    /// The parts: what the distribution installs, then what else is installed, then what runs. Needs root to see other users'
    /// processes.
    public static func parts() -> [Part] {
        // The names below /opt are read from /opt alone: what is mounted on one of them is a part of its own.
        let optional = FileSearch.names(in: "/opt").prefix(optionalLimit).flatMap { name in
            (name == "alt" ? optionalPatterns + [cloudLinuxPattern] : optionalPatterns).map {
                "/opt/\(FileSearch.literal(name))/\($0)"
            }
        }
        return (patterns + optional).map { .installed(pattern: $0) }
            + FileSearch.processes().compactMap { pid in
                isCandidate(pid) ? FileSearch.user(of: pid).map { .process(pid: pid, user: $0) } : nil
            }
    }

    /// Hands over what is in a part, as it is found. May never return.
    public func look(through part: Part, _ found: (PHPFinding) -> Void) {
        switch part {
        case .installed(let pattern):
            for path in FileSearch.paths(matching: pattern) {
                let isHost = PHPNames.isHost(PHPNames.fileName(path))
                if let finding = look(at: path, shownAs: path, isHost: isHost) { found(finding) }
            }
        case .process(let pid, _):
            for finding in PHPInspector.inspect(pid: pid, look: look) { found(finding) }
        }
    }

    /// By its name alone: there may be thousands.
    private static func isCandidate(_ pid: UInt32) -> Bool {
        // Kernel threads have none.
        guard let target = linkTarget("/proc/\(pid)/exe") else { return false }
        let name = PHPNames.fileName(target)
        if PHPNames.isProgram(name) || PHPNames.isHost(name) { return true }
        let comm = readText("/proc/\(pid)/comm", limit: 64).prefix { $0 != UInt8(ascii: "\n") }
        let called = Substring(decoding: comm, as: UTF8.self)
        return PHPNames.isProgram(called) || PHPNames.isHost(called)
    }

    private func look(at path: String, shownAs shown: String, isHost: Bool) -> PHPFinding? {
        guard let file = FileIdentity(path) else { return nil }
        let question = Question(file: file, isHost: isHost)
        if let answer = answers.withLock({ $0[question] }) { return answer }
        let answer = PHPInspector.inspect(path: path, shownAs: shown, isHost: isHost)
        answers.withLock { answers in
            if answers.count >= Self.answerLimit { answers = [:] }
            answers[question] = .some(answer)
        }
        return answer
    }
}

/// What was found, each file once.
public struct PHPFindings: Sendable {
    private static let limit = 4096

    public private(set) var all: [PHPFinding] = []
    private var places: [FileIdentity: Int] = [:]

    public init() {}

    /// That a file is known says more than that it is not.
    public mutating func add(_ finding: PHPFinding) {
        let file: FileIdentity
        switch finding {
        case .known(let binary): file = FileIdentity(inode: binary.inode, device: binary.device)
        case .unknown(_, let inode, let device, _): file = FileIdentity(inode: inode, device: device)
        }
        if let place = places[file] {
            if case .unknown = all[place] { all[place] = finding }
        } else if all.count < Self.limit {
            places[file] = all.count
            all.append(finding)
        }
    }
}
