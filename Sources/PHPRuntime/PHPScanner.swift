/// What of PHP is on this host now.
public struct PHPScanner {
    /// Where distributions and control panels install PHP (glob(7), with braces).
    private static let patterns = [
        "/usr/bin/php*", "/usr/sbin/php-fpm*", "/usr/local/{bin,sbin}/php*", "/usr/lib/cgi-bin/php*",
        "/usr/lib/apache2/modules/libphp*.so", "/usr/lib{,64}/httpd/modules/libphp*.so",
        // Sury, Remi, Plesk; cPanel's EasyApache and software collections; CloudLinux; LiteSpeed.
        "/opt/*/php*/{bin,sbin}/php*", "/opt/*/*/root/usr/{bin,sbin}/php*", "/opt/alt/php*/usr/{bin,sbin}/*",
        "/usr/local/lsws/lsphp*/bin/*php*",
        "/usr/sbin/apache2", "/usr/sbin/httpd",
    ]

    private struct Question: Hashable {
        var file: FileIdentity
        var isHost: Bool
    }

    private var findings: [PHPFinding] = []
    private var places: [FileIdentity: Int] = [:]
    /// What was found in the files so far: a web server has hundreds of processes.
    private var answers: [Question: PHPFinding?] = [:]

    /// Installed files and those that run, each once. Needs root to see other users' processes.
    public static func scan() -> [PHPFinding] {
        var scanner = PHPScanner()
        for pattern in Self.patterns {
            for path in FileSearch.paths(matching: pattern) {
                let isHost = PHPNames.isHost(PHPNames.fileName(path))
                if let finding = scanner.look(at: path, shownAs: path, isHost: isHost) { scanner.add(finding) }
            }
        }
        for pid in FileSearch.processes() where Self.isCandidate(pid) {
            for finding in PHPInspector.inspect(pid: pid, look: { scanner.look(at: $0, shownAs: $1, isHost: $2) }) {
                scanner.add(finding)
            }
        }
        return scanner.findings
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

    private mutating func look(at path: String, shownAs shown: String, isHost: Bool) -> PHPFinding? {
        guard let file = FileIdentity(path) else { return nil }
        let question = Question(file: file, isHost: isHost)
        if let answer = answers[question] { return answer }
        let answer = PHPInspector.inspect(path: path, shownAs: shown, isHost: isHost)
        answers[question] = .some(answer)
        return answer
    }

    /// Each file once; that it is known says more than that it is not.
    private mutating func add(_ finding: PHPFinding) {
        let file: FileIdentity
        switch finding {
        case .known(let binary): file = FileIdentity(inode: binary.inode, device: binary.device)
        case .unknown(_, let inode, let device, _): file = FileIdentity(inode: inode, device: device)
        }
        if let place = places[file] {
            if case .unknown = findings[place] { findings[place] = finding }
        } else {
            places[file] = findings.count
            findings.append(finding)
        }
    }
}
