internal import GRDB
internal import Glibc
internal import MailWatch

/// The open database of a recorder, and its run in it.
struct HistoryStore {
    /// A file by what the kernel knows it by.
    private struct FileIdentity: Equatable {
        let inode: ino_t
        let device: dev_t

        /// Nil with errno where nothing is there, or it cannot be seen.
        init?(_ path: String) {
            var status = stat()
            // stat fills the structure.
            guard unsafe stat(path, &status) == 0 else { return nil }
            inode = status.st_ino
            device = status.st_dev
        }
    }

    /// The database, and the files that SQLite keeps beside it while it is open.
    private static let suffixes = ["", "-wal", "-shm"]

    let database: DatabaseQueue
    let run: Int64
    private let path: String
    private let files: [FileIdentity?]

    /// Opens the database, or makes it, and begins a run.
    init(
        _ path: String, isChecked: Bool, host: String, version: String, say: (String) -> Void
    ) throws(HistoryError) {
        let database = try HistoryFile.openForWriting(path, isChecked: isChecked, say: say)
        do {
            run = try database.write { database in
                let now = Int64(bitPattern: WallClock().wallTime(WallClock.uptime))
                try database.execute(
                    sql: "INSERT INTO run (boot_id, start, latest, host, version) VALUES (?, ?, ?, ?, ?)",
                    arguments: [bootID(), now, now, host, version])
                return database.lastInsertedRowID
            }
        } catch {
            throw HistoryError(error, path: path)
        }
        self.database = database
        self.path = path
        files = Self.suffixes.map { FileIdentity(path + $0) }
    }

    /// What became of the files under its path; nil while they are those that it writes to.
    ///
    /// SQLite itself goes on writing to files that nobody can open any more.
    var loss: String? {
        for (suffix, file) in zip(Self.suffixes, files) {
            let found = FileIdentity(path + suffix)
            if found == file || found == nil && errno != ENOENT && errno != ENOTDIR { continue }
            return "\(Escaping.text(path + suffix)) was \(found == nil ? "removed" : "replaced")"
        }
        return nil
    }

    /// Closes the database, and removes what is left of it beside a file that has replaced it: SQLite would take its journal
    /// for the new file's.
    func abandon() {
        let isReplaced = FileIdentity(path) != files[0]
        // Nothing can be written to what is gone: an error is no news.
        do { try database.close() } catch {}
        guard isReplaced else { return }
        for (suffix, file) in zip(Self.suffixes, files).dropFirst() where FileIdentity(path + suffix) == file {
            unsafe unlink(path + suffix)
        }
    }
}

/// Another one for each boot of the kernel (random(4)).
private func bootID() -> String {
    let file = unsafe open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 36)
    // Reads at most what the array holds.
    let count = unsafe read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
}
