internal import GRDB

/// Whether the tables of a file are those that `Schema` makes. A view, a trigger or a virtual table in place of one would
/// run statements of whoever made the file.
enum SchemaCheck {
    private struct Object: Equatable {
        let type: String
        /// The statement that made it; nil for an index of SQLite's own.
        let sql: String?
    }

    /// What is found in a file.
    enum Finding {
        /// Nothing is in it yet.
        case empty
        case ours
        /// What is wrong with it.
        case damaged(String)
    }

    /// Looks before anything is read from the tables.
    static func check(_ database: Database) throws -> Finding {
        let found = try objects(database)
        if found.isEmpty { return .empty }
        guard let migrations = found[migrationTable] else { return .damaged("it is not a database of mailsnoop") }
        guard try migrations == expected()[migrationTable] else {
            return .damaged("the table \(migrationTable) is another one")
        }
        return .ours
    }

    /// What is wrong with the tables of a file that has all migrations; nil where they are right.
    static func difference(_ database: Database) throws -> String? {
        let found = try objects(database)
        let expected = try expected()
        return expected.keys.sorted().first { found[$0] != expected[$0] }
            .map { "the table or index \($0) is another one" }
    }

    private static let migrationTable = "grdb_migrations"

    private static func expected() throws -> [String: Object] {
        let model = try DatabaseQueue()
        try Schema.migrator.migrate(model)
        return try model.read { try objects($0) }
    }

    /// By name. A trigger counts as the table that it belongs to, which then is another one.
    private static func objects(_ database: Database) throws -> [String: Object] {
        var objects: [String: Object] = [:]
        let rows = try Row.fetchCursor(database, sql: "SELECT type, name, tbl_name, sql FROM sqlite_master")
        while let row = try rows.next() {
            let type = try row.string(0)
            let sql = row.hasNull(atIndex: 3) ? nil : try row.string(3)
            let name = try row.string(type == "trigger" ? 2 : 1)
            if objects[name]?.type != "trigger" { objects[name] = Object(type: type, sql: sql) }
        }
        return objects
    }
}
