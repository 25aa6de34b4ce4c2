internal import GRDB
internal import MailWatch

/// Removes the oldest, a little at a time.
enum Pruning {
    private static let slice = 1000

    /// Removes a slice of what is too old or too much, within a transaction. Returns whether there may be more.
    static func removeSlice(_ database: Database, options: Recorder.Options) throws -> Bool {
        let now = Int64(bitPattern: WallClock().wallTime(WallClock.uptime))
        let limit = try isTooLarge(database, options.maxSize) ? Int64.max : now &- Int64(clamping: options.keep)
        try database.cachedStatement(
            sql:
                "DELETE FROM connection WHERE id IN (SELECT id FROM connection WHERE id < ? ORDER BY id LIMIT \(slice))"
        ).execute(arguments: [limit])
        var removed = database.changesCount
        if try removed == 0 || isTooLarge(database, options.maxSize) {
            removed += try removeUnused(database, now: now)
        }
        guard removed > 0 else { return false }
        // The pages go back to the file system, as few at a time.
        _ = try Row.fetchAll(database, sql: "PRAGMA incremental_vacuum(256)")
        return true
    }

    /// What no connection refers to: it was last used in a period before the oldest one's.
    private static func removeUnused(_ database: Database, now: Int64) throws -> Int {
        let oldest = try Int64.fetchOne(database, sql: "SELECT min(id) FROM connection") ?? now
        let period = oldest / Int64(Schema.period)
        var removed = 0
        // Of these the oldest come first.
        for table in ["actor", "process", "request"] {
            try database.cachedStatement(
                sql:
                    "DELETE FROM \(table) WHERE period < ? AND id IN (SELECT id FROM \(table) ORDER BY id LIMIT \(slice))"
            ).execute(arguments: [period])
            removed += database.changesCount
        }
        try database.cachedStatement(
            sql: "DELETE FROM text WHERE id IN (SELECT id FROM text WHERE period < ? ORDER BY period LIMIT \(slice))"
        ).execute(arguments: [period])
        removed += database.changesCount
        try database.cachedStatement(sql: "DELETE FROM sender WHERE period < ?").execute(arguments: [period])
        removed += database.changesCount
        try database.cachedStatement(
            sql: """
                DELETE FROM clock WHERE run IN (SELECT id FROM run WHERE latest < ?1 AND id <> (SELECT max(id) FROM run))
                """
        ).execute(arguments: [oldest])
        try database.cachedStatement(
            sql: "DELETE FROM run WHERE latest < ?1 AND id <> (SELECT max(id) FROM run)"
        ).execute(arguments: [oldest])
        return removed + database.changesCount
    }

    private static func isTooLarge(_ database: Database, _ limit: UInt64) throws -> Bool {
        func pragma(_ name: String) throws -> Int64 { try Int64.fetchOne(database, sql: "PRAGMA \(name)") ?? 0 }
        let used = try pragma("page_count") - pragma("freelist_count")
        return try UInt64(clamping: used * pragma("page_size")) > limit
    }
}
