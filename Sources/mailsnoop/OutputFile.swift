internal import ArgumentParser
internal import Glibc
internal import MailWatch

/// `--output` of a command that writes one document.
struct OutputOption: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file or named pipe instead of stdout.", valueName: "file"))
    var output: String?

    @Flag(name: .long, help: "Replace the file of --output if it exists.")
    var force = false

    func validate() throws {
        if force, output == nil { throw ValidationError("--force needs --output.") }
    }

    /// A descriptor of it; nil for stdout.
    func open() throws -> Int32? { try output.map { try OutputFile.open($0, existing: force ? .replace : .refuse) } }
}

/// The one way to make or open a file for an output.
enum OutputFile {
    /// What becomes of a file that is there already.
    enum Existing { case refuse, replace, append }

    /// The one device that is an output: what is written there is wanted by nobody.
    private static let nullDevice = "/dev/null"

    /// Opens a regular file, for its owner only, or a pipe that somebody reads. Symbolic links are not followed, and opening
    /// waits for nobody.
    static func open(_ path: String, existing: Existing) throws -> Int32 {
        if let number = inherited(path) {
            let file = dup(number)
            guard file >= 0 else { throw Failure.cannotCreate(Escaping.text(path), errno) }
            return file
        }
        let base = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let flags =
            switch existing {
            case .refuse: O_CREAT | O_EXCL
            case .replace: O_CREAT
            case .append: O_CREAT | O_APPEND
            }
        // Command lines can hold secrets: for the owner only.
        var file = unsafe Glibc.open(path, base | flags, 0o600)
        // A pipe is there before its writer.
        let exists = file < 0 && errno == EEXIST
        if exists { file = unsafe Glibc.open(path, base) }
        guard file >= 0 else { throw refusal(path, errno) }
        do {
            try check(file, path, mustBePipe: exists)
            if existing == .replace, !isPipe(file), path != nullDevice, ftruncate(file, 0) != 0 {
                throw Failure.cannotCreate(Escaping.text(path), errno)
            }
        } catch {
            close(file)
            throw error
        }
        return file
    }

    static func isPipe(_ file: Int32) -> Bool {
        var status = stat()
        // fstat fills the structure.
        return unsafe fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }

    /// A descriptor that the shell has opened: `--output >(gzip >trace.gz)`.
    private static func inherited(_ path: String) -> Int32? {
        if path == "/dev/stdout" { return STDOUT_FILENO }
        for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
            return Int32(path.dropFirst(folder.count))
        }
        return nil
    }

    private static func check(_ file: Int32, _ path: String, mustBePipe: Bool) throws {
        let shown = Escaping.text(path)
        var status = stat()
        // fstat fills the structure.
        guard unsafe fstat(file, &status) == 0 else { throw Failure.cannotCreate(shown, errno) }
        switch status.st_mode & S_IFMT {
        case S_IFIFO: return
        case S_IFREG where mustBePipe: throw refusal(path, EEXIST)
        case S_IFREG: break
        case S_IFCHR where path == nullDevice: return
        default: throw refused("\(shown) is neither a regular file nor a pipe")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw refused(
                "\(shown) belongs to another user (uid \(status.st_uid)), who could read what is written to it")
        }
        guard status.st_mode & 0o077 != 0 else { return }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        guard fchmod(file, 0o600) == 0 else {
            throw refused("other users may open \(shown) (mode \(mode)), and only its owner can change that")
        }
        Failure.say("other users could open \(shown) (mode \(mode)); its mode is 600 now")
    }

    private static func refusal(_ path: String, _ code: Int32) -> Failure {
        let shown = Escaping.text(path)
        switch code {
        case EEXIST: return refused("\(shown) exists", "Choose another file with --output, or replace it with --force.")
        case ENXIO: return refused("no program reads from the pipe \(shown)", "Start the reader first.")
        case ELOOP: return refused("\(shown) is a symbolic link, which --output does not follow")
        default: return Failure.cannotCreate(shown, code)
        }
    }

    private static func refused(
        _ problem: String, _ advice: String = "Choose another file with --output."
    ) -> Failure {
        Failure(description: "\(problem). \(advice)", exitStatus: EX_CANTCREAT)
    }
}
