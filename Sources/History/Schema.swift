internal import GRDB

/// The tables. A change of them is a migration of its own: what is there is never edited.
enum Schema {
    /// ns. What is used in one is not removed before all connections of it are: short, so that a flood of a few minutes
    /// can be cut back to its end.
    static let period: UInt64 = 300_000_000_000

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try $0.execute(sql: first) }
        return migrator
    }

    /// Times are ns, of the wall clock where nothing else is said. `period` is that of the latest use: what is older than
    /// the oldest connection is used by none. A column without a type holds the number of a text, or, where that has come
    /// only once, the text itself.
    private static let first = """
        CREATE TABLE text (id INTEGER PRIMARY KEY, period INTEGER NOT NULL, hash INTEGER NOT NULL, bytes BLOB NOT NULL);
        CREATE INDEX text_hash ON text (hash);
        CREATE INDEX text_period ON text (period);
        CREATE TABLE sender (id INTEGER PRIMARY KEY, period INTEGER NOT NULL, body BLOB NOT NULL UNIQUE);
        CREATE TABLE process (
            id INTEGER PRIMARY KEY, period INTEGER NOT NULL, shape, lineage, pid INTEGER NOT NULL, start INTEGER NOT NULL);
        CREATE TABLE request (
            id INTEGER PRIMARY KEY, period INTEGER NOT NULL, shape, target, client, pid INTEGER NOT NULL,
            start INTEGER NOT NULL);
        -- What connects: a process, and what PHP was doing in it and in the one that started it.
        CREATE TABLE actor (
            id INTEGER PRIMARY KEY, period INTEGER NOT NULL, sender INTEGER NOT NULL, process INTEGER NOT NULL,
            php INTEGER, origin INTEGER);
        -- A recorder from its start to its end, or to the last commit. boot: when the kernel was booted; host, version.
        CREATE TABLE run (
            id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, start INTEGER NOT NULL, latest INTEGER NOT NULL,
            has_ended INTEGER NOT NULL DEFAULT 0, host TEXT NOT NULL, version TEXT NOT NULL,
            stored INTEGER NOT NULL DEFAULT 0, unstored INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0);
        -- The wall clock of a run, as it stood: another one for each step of it.
        CREATE TABLE clock (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, boot INTEGER NOT NULL);
        -- The key is the time of the connect, moved by `shift` ns where that was taken: no other index of time is needed.
        CREATE TABLE connection (
            id INTEGER PRIMARY KEY, shift INTEGER NOT NULL, clock INTEGER NOT NULL, sender INTEGER NOT NULL,
            actor INTEGER NOT NULL, state INTEGER NOT NULL, verdict INTEGER NOT NULL, reasons, thread INTEGER NOT NULL,
            thread_name, source BLOB NOT NULL, source_port INTEGER NOT NULL, destination BLOB NOT NULL,
            destination_port INTEGER NOT NULL, name, established INTEGER, ended INTEGER, error INTEGER NOT NULL,
            cookie INTEGER NOT NULL, sent INTEGER NOT NULL, received INTEGER NOT NULL, dialogue, mail_from, size INTEGER,
            rcpt_to, recipients INTEGER, messages INTEGER, accepted INTEGER, greeting, reply);
        CREATE INDEX connection_sender ON connection (sender);
        """
}
