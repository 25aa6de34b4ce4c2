internal import Glibc
internal import MailWatch

/// Keeps a second recorder from a database. The lock goes with the process, however that ends.
struct HistoryLock: ~Copyable {
    /// fcntl(2): locks of the open file, which no other descriptor of the process gives up (asm-generic/fcntl.h).
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37

    private let file: Int32

    /// - Parameter path: of the database.
    init(_ path: String) throws(HistoryError) {
        let name = path + ".lock"
        file = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            let code = errno
            throw HistoryError(
                code == EACCES || code == EPERM ? .notPermitted : .notWritable,
                "\(Escaping.text(name)) cannot be written: \(unsafe String(cString: strerror(code)))")
        }
        var lock = Self.whole
        // fcntl reads and writes one flock.
        guard unsafe fcntl(file, Self.setLock, &lock) == 0 else {
            close(file)
            throw HistoryError(.locked, "another recorder writes to the database \(Escaping.text(path))")
        }
    }

    deinit { close(file) }

    /// Whether its file is still the one of that name: another recorder could take a new one.
    func isHeld(at path: String) -> Bool {
        var named = stat()
        var held = stat()
        // Both are filled where the calls succeed.
        return unsafe stat(path + ".lock", &named) == 0 && fstat(file, &held) == 0 && named.st_ino == held.st_ino
            && named.st_dev == held.st_dev
    }

    /// Whether a recorder has it; false too where that cannot be seen.
    static func isHeld(_ path: String) -> Bool {
        let file = unsafe open(path + ".lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        var lock = whole
        // fcntl reads and writes one flock.
        return unsafe fcntl(file, getLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    private static var whole: flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }
}
