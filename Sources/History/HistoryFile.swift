internal import Foundation
internal import GRDB
internal import Glibc
internal import MailWatch

/// The file that the history is in, and the one beside it by which a recorder keeps others away.
public enum HistoryFile {
    public static let standardPath = "/var/lib/mailsnoop/history.db"

    /// Puts a damaged database out of the way, beside itself, and returns the new path.
    public static func moveAside(_ path: String) throws(HistoryError) -> String {
        let lock = try HistoryLock(path)
        defer { withExtendedLifetime(lock) {} }
        let aside = "\(path).damaged-\(time(nil))"
        for suffix in ["", "-wal", "-shm"] where unsafe rename(path + suffix, aside + suffix) != 0 && errno != ENOENT {
            throw HistoryError(
                .other,
                "\(Escaping.text(path + suffix)) cannot be moved aside: \(unsafe String(cString: strerror(errno)))")
        }
        return aside
    }

    /// Makes the folder, for its owner only.
    static func makeFolder(for path: String) throws(HistoryError) {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        guard unsafe mkdir(folder, 0o700) != 0, errno != EEXIST else { return }
        let code = errno
        throw HistoryError(
            code == EACCES || code == EPERM ? .notPermitted : .notWritable,
            "the folder \(Escaping.text(folder)) cannot be made: \(unsafe String(cString: strerror(code)))")
    }

    /// - Parameter isChecked: look through all of it for damage first.
    static func openForWriting(_ path: String, isChecked: Bool) throws(HistoryError) -> DatabaseQueue {
        // SQLite gives -wal and -shm the same mode.
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let code = errno
            throw HistoryError(
                code == EACCES || code == EPERM ? .notPermitted : .notWritable,
                "the database \(Escaping.text(path)) cannot be written: \(unsafe String(cString: strerror(code)))")
        }
        close(file)
        var configuration = GRDB.Configuration()
        configuration.prepareDatabase { database in
            // Before the first table, and before WAL writes the first page.
            try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            // NORMAL would sync at checkpoints only, and a power cut lose all since. One sync a second is cheap.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA journal_size_limit = 16777216")
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = Schema.migrator
            guard try !queue.read(migrator.hasBeenSuperseded) else {
                throw HistoryError(
                    .newer, "a later version of mailsnoop has written the database \(Escaping.text(path))")
            }
            if isChecked { try check(queue, path) }
            try migrator.migrate(queue)
            return queue
        } catch {
            throw HistoryError(error, path: path)
        }
    }

    static func openForReading(_ path: String) throws(HistoryError) -> DatabaseQueue {
        guard unsafe access(path, F_OK) == 0 || errno != ENOENT else {
            throw HistoryError(
                .missing, "there is no database \(Escaping.text(path)): `mailsnoop record` has not run here")
        }
        guard unsafe access(path, R_OK) == 0 else {
            throw HistoryError(
                .notPermitted,
                "the database \(Escaping.text(path)) cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = Schema.migrator
            guard try !queue.read(migrator.appliedIdentifiers).isEmpty else {
                throw HistoryError(
                    .missing, "there is nothing in \(Escaping.text(path)): `mailsnoop record` was ended as it began")
            }
            guard try queue.read(migrator.hasCompletedMigrations), try !queue.read(migrator.hasBeenSuperseded) else {
                throw HistoryError(
                    .newer, "another version of mailsnoop has written the database \(Escaping.text(path))")
            }
            return queue
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            throw HistoryError(
                .notWritable,
                """
                the database \(Escaping.text(path)) cannot be read where nothing can be written beside it (SQLite's -shm): \
                copy it, and its -wal, to another folder
                """)
        } catch {
            throw HistoryError(error, path: path)
        }
    }

    private static func check(_ queue: DatabaseQueue, _ path: String) throws {
        let found = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard found == "ok" else {
            throw HistoryError(
                .corrupt, "the database \(Escaping.text(path)) is damaged: \(Escaping.text(found ?? "no answer"))")
        }
    }
}
