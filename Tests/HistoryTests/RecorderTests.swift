import Foundation
import GRDB
import Glibc
import History
import Testing

@testable import MailWatch

@Suite(.timeLimit(.minutes(10)))
struct RecorderTests {
    private let place = Place()
    private let text = Array("mail.php".utf8)

    @Test func aSecondRecorderIsRefused() throws {
        let first = try place.recorder()
        let error = #expect(throws: HistoryError.self) { try place.recorder() }
        #expect(error?.cause == .locked)
        first.finish()
    }

    @Test func filesAreTheOwnersOnly() throws {
        let recorder = try place.recorder()
        recorder.finish()
        func mode(_ path: String) throws -> Int {
            try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        }
        #expect(try mode(place.folder) == 0o700)
        for suffix in ["", "-wal", "-shm", ".lock"] where FileManager.default.fileExists(atPath: place.path + suffix) {
            #expect(try mode(place.path + suffix) == 0o600)
        }
    }

    @Test func anOpenConnectionIsWrittenAnew() throws {
        var recorder: Recorder? = try place.recorder()
        recorder?.record(try connection(text, at: 23, isOpen: true), name: [], clock: clock)
        recorder?.record(try connection(text, at: 23), name: text, clock: clock)
        recorder?.finish()
        recorder = nil
        let found = try place.recorded()
        #expect(found.map(\.connection.state) == [.reset])
        #expect(found.map(\.name) == [text])
    }

    @Test func theOldAreRemovedWithAllThatTheyUsed() throws {
        let now = WallClock()
        let recorder = try place.recorder { $0.keep = 3_600_000_000_000 }
        // Three days ago, and the clock by which it is so.
        let old = WallClock(bootTime: now.bootTime - 3 * 86_400_000_000_000)
        for number in 0..<2003 as Range<UInt64> {
            recorder.record(
                try connection(Array("old".utf8), at: WallClock.uptime + number, id: number), name: [], clock: old)
        }
        for number in 0..<23 as Range<UInt64> {
            recorder.record(try connection(text, at: WallClock.uptime + number, id: number), name: [], clock: now)
        }
        let end = Date(timeIntervalSinceNow: 60)
        while recorder.counts.stored < 2026, Date() < end { usleep(50_000) }
        while try place.recorded().count != 23, Date() < end { usleep(50_000) }
        recorder.finish()
        let found = try place.recorded()
        #expect(found.count == 23)
        #expect(found.allSatisfy { $0.connection.threadName == text })
    }

    @Test func tooMuchIsRemovedFromTheOldestOn() throws {
        let recorder = try place.recorder { $0.maxSize = 512 << 10 }
        for number in 0..<3001 as Range<UInt64> {
            recorder.record(try connection(Array("\(number)".utf8), at: number, id: number), name: [], clock: clock)
        }
        let end = Date(timeIntervalSinceNow: 60)
        // All are written before it is looked whether enough are gone.
        while recorder.counts.stored < 3001, Date() < end { usleep(50_000) }
        while try HistoryReader(place.path).status().connections > 2001, Date() < end { usleep(50_000) }
        recorder.finish()
        let found = try place.recorded()
        #expect(found.count < 2002)
        // Nothing but the oldest goes.
        #expect(found.allSatisfy { $0.connection.connectTime >= 1000 })
    }

    @Test func aRunIsTold() throws {
        let recorder = try place.recorder()
        recorder.record(try connection(text, at: 23), name: [], clock: clock)
        recorder.note(lost: 7)
        #expect(try HistoryReader(place.path).status().runs.map(\.isRunning) == [true])
        recorder.finish()
        let run = try #require(try HistoryReader(place.path).runs().first)
        #expect(run.hasEnded)
        #expect((run.stored, run.lost, run.unstored) == (1, 7, 0))
        #expect(try HistoryReader(place.path).runs(in: 0..<run.start).isEmpty)
        #expect(try HistoryReader(place.path).runs(in: run.latest..<run.latest + 1).count == 1)
    }

    @Test func whatIsNoDatabaseIsSaidAndMovedAside() throws {
        try FileManager.default.createDirectory(atPath: place.folder, withIntermediateDirectories: false)
        try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: place.path))
        let error = #expect(throws: HistoryError.self) { try place.recorder() }
        #expect(error?.cause == .corrupt)
        #expect(throws: HistoryError.self) { try HistoryReader(place.path) }
        let aside = try HistoryFile.moveAside(place.path)
        #expect(try Data(contentsOf: URL(filePath: aside)).count == 8192)
        try place.recorder().finish()
    }

    @Test func whereNothingWasRecordedThatIsSaid() throws {
        let error = #expect(throws: HistoryError.self) { try HistoryReader(place.path) }
        #expect(error?.cause == .missing)
    }

    @Test func ofALaterVersionNothingIsTouched() throws {
        try place.recorder().finish()
        do {
            let database = try DatabaseQueue(path: place.path)
            try database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('later')") }
        }
        let error = #expect(throws: HistoryError.self) { try place.recorder() }
        #expect(error?.cause == .newer)
        #expect(throws: HistoryError.self) { try HistoryReader(place.path) }
    }
}
