import Foundation
import GRDB
import Glibc
import History
import Synchronization
import Testing

@testable import MailWatch

/// Databases that are not as the program makes them, and files that go away under a recorder.
@Suite(.timeLimit(.minutes(10)))
struct DamageTests {
    private let place = Place()
    private let text = Array("mail.php".utf8)

    private func fill(_ path: String) throws {
        var recorder: Recorder? = try place.recorder()
        for number in 0..<23 as Range<UInt64> {
            recorder?.record(try connection(text, at: number, id: number), name: text, clock: clock)
        }
        recorder?.finish()
        recorder = nil
    }

    private func change(_ statement: String) throws {
        let queue = try DatabaseQueue(path: place.path)
        try queue.writeWithoutTransaction { try $0.execute(sql: statement) }
        try queue.close()
    }

    private func causes() -> [HistoryError.Cause?] {
        func cause(_ body: () throws -> Void) -> HistoryError.Cause? {
            do { try body() } catch { return (error as? HistoryError)?.cause ?? .other }
            return nil
        }
        return [
            cause { _ = try place.recorded() }, cause { _ = try HistoryReader(place.path).status() },
            cause { _ = try HistoryReader(place.path).senders(in: 0..<UInt64(Int64.max)) },
        ]
    }

    @Test(arguments: [
        "ALTER TABLE connection RENAME TO c; CREATE VIEW connection AS SELECT * FROM c",
        "DROP TABLE run; CREATE VIEW run AS SELECT * FROM run",
        "DROP TABLE grdb_migrations; CREATE VIEW grdb_migrations AS WITH RECURSIVE n(identifier) AS (SELECT '1' UNION ALL SELECT identifier || '1' FROM n) SELECT identifier FROM n",
        "CREATE TRIGGER x AFTER INSERT ON text BEGIN DELETE FROM connection; END",
        "CREATE TRIGGER x BEFORE UPDATE ON run BEGIN DELETE FROM run; END", "DROP INDEX text_hash",
        "ALTER TABLE sender ADD COLUMN more", "DROP TABLE grdb_migrations", "DROP TABLE clock",
    ])
    func otherTablesAreDamage(statement: String) throws {
        try fill(place.path)
        #expect(causes() == [nil, nil, nil])
        try change(statement)
        #expect(causes() == [.corrupt, .corrupt, .corrupt])
        let error = #expect(throws: HistoryError.self) { try place.recorder() }
        #expect(error?.cause == .corrupt)
    }

    /// What an administrator adds for own questions is none of the program's.
    @Test func moreTablesAreNoDamage() throws {
        try fill(place.path)
        try change(
            "CREATE VIEW mine AS SELECT * FROM sender; CREATE INDEX mine2 ON connection (ended); CREATE TABLE t (a)")
        #expect(causes() == [nil, nil, nil])
    }

    @Test(arguments: [
        "UPDATE connection SET destination = 'x'", "UPDATE connection SET state = x'01'",
        "UPDATE connection SET verdict = 1 << 62", "UPDATE connection SET clock = 1.5",
        "UPDATE connection SET shift = -0x7fffffffffffffff", "UPDATE connection SET established = -1",
        "UPDATE connection SET accepted = 1 << 40", "UPDATE connection SET dialogue = 'text'",
        "UPDATE connection SET reply = zeroblob(200000)", "UPDATE actor SET process = x''",
        "UPDATE actor SET php = 'x'", "UPDATE process SET pid = -1", "UPDATE process SET shape = NULL",
        "UPDATE request SET start = 'x'", "UPDATE clock SET boot = -1", "UPDATE clock SET boot = 'x'",
        "UPDATE sender SET body = id || 'x'", "DELETE FROM sender", "DELETE FROM clock", "UPDATE run SET start = 'x'",
        "UPDATE run SET host = x'ff'", "UPDATE run SET lost = -1", "UPDATE run SET stored = 0x7fffffffffffffff",
    ])
    func otherValuesAreDamage(statement: String) throws {
        try fill(place.path)
        try change(statement)
        #expect(causes().contains(.corrupt))
        #expect(causes().allSatisfy { $0 == nil || $0 == .corrupt })
    }

    @Test func whatOthersCouldOpenIsTakenFromThem() throws {
        try fill(place.path)
        #expect(unsafe chmod(place.path, 0o664) == 0)
        try place.recorder().finish()
        #expect(
            try FileManager.default.attributesOfItem(atPath: place.path)[.posixPermissions] as? Int == 0o600)
        #expect(place.said.texts.withLock { $0.last?.contains("(mode 664); its mode is 600 now") } == true)
    }

    @Test(arguments: ["removed", "folder removed", "replaced", "replaced by damage", "journal removed"])
    func aDatabaseThatGoesAwayIsBegunAnew(how: String) throws {
        let files = FileManager.default
        let recorder = try place.recorder()
        // One that goes on, and is written anew at its end.
        recorder.record(try connection(text, at: 1, isOpen: true, id: 1), name: [], clock: clock)
        func wait(_ condition: () -> Bool) {
            let end = Date(timeIntervalSinceNow: 60)
            while !condition(), Date() < end { usleep(20_000) }
        }
        wait { recorder.counts.stored == 1 }
        switch how {
        case "removed": try files.removeItem(atPath: place.path)
        case "folder removed": try files.removeItem(atPath: place.folder)
        case "replaced":
            let other = Place()
            try other.recorder().finish()
            try files.removeItem(atPath: place.path)
            try files.copyItem(atPath: other.path, toPath: place.path)
        case "replaced by damage": try Data("no database".utf8).write(to: URL(filePath: place.path), options: .atomic)
        default: try files.removeItem(atPath: place.path + "-wal")
        }
        recorder.record(try connection(text, at: 1, id: 1), name: [], clock: clock)
        for number in 2...7 as ClosedRange<UInt64> {
            recorder.record(try connection(text, at: number, id: number), name: [], clock: clock)
        }
        wait { recorder.counts.stored == 8 }
        recorder.finish()
        #expect(
            place.said.texts.withLock { $0.first?.hasSuffix("while it was written to; a new database is begun") }
                == true)
        let found = try place.recorded()
        #expect(Set(found.map(\.time)).count == 7)
        #expect(found.allSatisfy { $0.connection.state.hasEnded || how == "journal removed" })
        #expect(try HistoryReader(place.path).runs().last?.hasEnded == true)
    }
}
