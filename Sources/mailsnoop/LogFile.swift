internal import Glibc

/// A file of lines that others rotate: by renaming or removing it, or by copying and truncating it (logrotate(8)).
final class LogFile {
    let output: Output
    private let path: String?
    private let descriptor: Int32

    /// - Parameter path: nil for stdout.
    init(path: String?) throws {
        self.path = path
        descriptor =
            try path.map { path in
                let file = Self.open(path)
                guard file >= 0 else { throw Failure.cannotCreate(path, errno) }
                return file
            } ?? STDOUT_FILENO
        output = Output(descriptor: descriptor)
    }

    /// Opens it anew where it is no longer the file of that name.
    func follow() {
        guard let path else { return }
        var named = stat()
        var held = stat()
        // Both are filled where the calls succeed.
        let isSame =
            unsafe stat(path, &named) == 0 && fstat(descriptor, &held) == 0 && named.st_ino == held.st_ino
            && named.st_dev == held.st_dev
        if !isSame { reopen() }
    }

    func reopen() {
        guard let path else { return }
        let file = Self.open(path)
        guard file >= 0 else { return }
        // The number stays, so whoever is writing just goes on in the new file: lines are written whole.
        dup2(file, descriptor)
        close(file)
        output.recover()
    }

    /// Command lines can hold secrets: for the owner only. Appended, a truncated file begins at 0 again.
    private static func open(_ path: String) -> Int32 {
        unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }
}
