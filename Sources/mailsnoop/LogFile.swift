internal import Glibc

/// A file of lines that others rotate: by renaming or removing it, or by copying and truncating it (logrotate(8)).
final class LogFile {
    let output: Output
    private let path: String?
    private let descriptor: Int32
    /// Why it could not be opened anew.
    private var problem: String?

    /// - Parameter path: nil for stdout.
    init(path: String?) throws {
        self.path = path
        descriptor =
            try path.map { try OutputFile.open($0, existing: .append) } ?? STDOUT_FILENO
        output = Output(descriptor: descriptor)
    }

    /// Opens it anew where it is no longer the file of that name, and a pipe when it has a reader again.
    func follow() {
        guard let path else { return }
        var named = stat()
        var held = stat()
        // Both are filled where the calls succeed.
        let isSame =
            unsafe lstat(path, &named) == 0 && fstat(descriptor, &held) == 0 && named.st_ino == held.st_ino
            && named.st_dev == held.st_dev
        if !isSame || output.error == EPIPE { reopen() }
    }

    func reopen() {
        guard let path else { return }
        let file: Int32
        do {
            file = try OutputFile.open(path, existing: .append)
        } catch {
            // Once for each reason: the next attempt is a moment away. Meanwhile the old file is written to.
            let text = (error as? Failure)?.description ?? "\(error)"
            if problem != text { Failure.say(text) }
            problem = text
            return
        }
        problem = nil
        // The number stays, so whoever is writing just goes on in the new file: lines are written whole.
        dup2(file, descriptor)
        close(file)
        output.recover()
    }
}
