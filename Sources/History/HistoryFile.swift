internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import MailWatch

/// The file that the history is in, and the one beside it by which a recorder keeps others away.
public enum HistoryFile {
    public static let standardPath = "/var/lib/mailsnoop/history.db"

    /// Puts a damaged database out of the way, beside itself, and returns the new path.
    public static func moveAside(_ path: String) throws(HistoryError) -> String {
        let lock = try HistoryLock(path)
        defer { withExtendedLifetime(lock) {} }
        return try setAside(path)
    }

    /// As `moveAside`, for a caller that has the lock.
    static func setAside(_ path: String) throws(HistoryError) -> String {
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

    /// - Parameters:
    ///   - isChecked: look through all of it for damage first.
    ///   - say: told when the mode of the file had to be changed.
    static func openForWriting(
        _ path: String, isChecked: Bool, say: (String) -> Void
    ) throws(HistoryError) -> DatabaseQueue {
        try makePrivate(path, say: say)
        var configuration = GRDB.Configuration()
        configuration.prepareDatabase { database in
            try defend(database)
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
            if case .damaged(let reason) = try queue.read(SchemaCheck.check) { throw damaged(path, reason) }
            guard try queue.read(migrator.appliedIdentifiers).isSubset(of: migrator.migrations) else {
                throw HistoryError(
                    .newer, "a later version of mailsnoop has written the database \(Escaping.text(path))")
            }
            if isChecked { try check(queue, path) }
            try migrator.migrate(queue)
            if let reason = try queue.read(SchemaCheck.difference) { throw damaged(path, reason) }
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
        configuration.prepareDatabase(defend)
        configuration.busyMode = .timeout(5)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = Schema.migrator
            let finding = try queue.read(SchemaCheck.check)
            if case .damaged(let reason) = finding { throw damaged(path, reason) }
            guard case .ours = finding, case let applied = try queue.read(migrator.appliedIdentifiers), !applied.isEmpty
            else {
                throw HistoryError(
                    .missing, "there is nothing in \(Escaping.text(path)): `mailsnoop record` was ended as it began")
            }
            guard applied == Set(migrator.migrations) else {
                throw HistoryError(
                    .newer, "another version of mailsnoop has written the database \(Escaping.text(path))")
            }
            if let reason = try queue.read(SchemaCheck.difference) { throw damaged(path, reason) }
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

    /// Makes the file if it is not there, and takes it and the files of SQLite beside it from all but their owner.
    private static func makePrivate(_ path: String, say: (String) -> Void) throws(HistoryError) {
        // SQLite gives -wal and -shm the same mode, but they may be left from before. A pipe keeps nobody waiting.
        for (path, flags) in [(path, O_CREAT), (path + "-wal", O_NOFOLLOW), (path + "-shm", O_NOFOLLOW)] {
            let file = unsafe open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | flags, 0o600)
            guard file >= 0 else {
                let code = errno
                if code == ENOENT, flags == O_NOFOLLOW { continue }
                throw HistoryError(
                    code == EACCES || code == EPERM ? .notPermitted : .notWritable,
                    "the database \(Escaping.text(path)) cannot be written: \(unsafe String(cString: strerror(code)))")
            }
            defer { close(file) }
            var status = stat()
            // fstat fills the structure.
            guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw HistoryError(.notWritable, "the database \(Escaping.text(path)) is not a regular file")
            }
            guard status.st_mode & 0o077 != 0 else { continue }
            let mode = String(status.st_mode & 0o7777, radix: 8)
            guard fchmod(file, 0o600) == 0 else {
                throw HistoryError(
                    .notPermitted,
                    "other users may open the database \(Escaping.text(path)) (mode \(mode)), and only its owner can change that"
                )
            }
            say("other users could open the database \(Escaping.text(path)) (mode \(mode)); its mode is 600 now")
        }
    }

    /// The file may have been made by an attacker: nothing of its schema may call functions with effects, and no value is
    /// larger than what is ever written.
    private static func defend(_ database: Database) throws {
        try database.execute(sql: "PRAGMA trusted_schema = OFF")
        try database.execute(sql: "PRAGMA cell_size_check = ON")
        // The connection is open while it is prepared.
        unsafe sqlite3_limit(database.sqliteConnection, SQLITE_LIMIT_LENGTH, 128 << 10)
    }

    private static func damaged(_ path: String, _ reason: String) -> HistoryError {
        HistoryError(.corrupt, "the database \(Escaping.text(path)) is damaged: \(Escaping.text(reason))")
    }

    private static func check(_ queue: DatabaseQueue, _ path: String) throws {
        let found = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard found == "ok" else {
            throw HistoryError(
                .corrupt, "the database \(Escaping.text(path)) is damaged: \(Escaping.text(found ?? "no answer"))")
        }
    }
}
