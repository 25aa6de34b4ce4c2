import Foundation
import GRDB
import Glibc
import History
import Synchronization
import TestSupport
import Testing

@testable import MailWatch

/// File systems that are full or cannot be written, clocks that step.
@Suite(.timeLimit(.minutes(10)))
struct TroubleTests {
    private let place = Place()
    private let text = Array("mail.php".utf8)

    /// A file system of its own for the database; unmounted by `body`'s end.
    private func mounted(_ options: String, _ body: () throws -> Void) throws {
        let folder = place.folder
        #expect(
            try shell("mkdir \(folder) && mount -t tmpfs -o size=1M,mode=700,\(options) mailsnoop \(folder)").status
                == 0)
        defer { _ = try? shell("umount --lazy \(folder)") }
        try body()
    }

    private func wait(_ condition: () -> Bool) {
        let end = Date(timeIntervalSinceNow: 60)
        while !condition(), Date() < end { usleep(20_000) }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`")) func aFullDiskIsSaidCountedAndOutlived()
        throws
    {
        try mounted("rw") {
            let recorder = try place.recorder { $0.backlogLimit = 503 }
            let count: UInt64 = 1009
            recorder.record(try connection(text, at: 1, id: 1), name: [], clock: clock)
            wait { recorder.counts.stored == 1 }
            // Takes all that is left.
            try shell("dd if=/dev/zero of=\(place.folder)/filler bs=4k status=none; true")
            for number in 2...count {
                recorder.record(try connection(Array("\(number)".utf8), at: number, id: number), name: [], clock: clock)
            }
            wait { place.said.texts.withLock { !$0.isEmpty } && recorder.counts.unstored > 0 }
            let said = place.said.texts.withLock { $0 }
            #expect(said.count == 1)
            #expect(said.first?.contains("there is no room for the database") == true)
            #expect(try HistoryReader(place.path).status().connections == 1)
            try FileManager.default.removeItem(atPath: place.folder + "/filler")
            wait { recorder.counts.stored + recorder.counts.unstored == count }
            #expect(recorder.counts.stored + recorder.counts.unstored == count)
            recorder.finish()
            #expect(place.said.texts.withLock { $0.count } == 2)
            #expect(place.said.texts.withLock { $0.last?.hasSuffix("is written again") } == true)
            let status = try HistoryReader(place.path).status()
            #expect(status.connections == Int(recorder.counts.stored))
            #expect(status.runs.last?.unstored == Int(recorder.counts.unstored))
            // The oldest of those that waited.
            #expect(try place.recorded().map(\.connection.connectTime).prefix(400) == Array(1...400)[...])
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`")) func whatCannotBeWrittenIsSaid()
        throws
    {
        try mounted("rw") {
            var recorder: Recorder? = try place.recorder()
            recorder?.record(try connection(text, at: 1), name: [], clock: clock)
            recorder?.finish()
            recorder = nil
            try shell("mount -o remount,ro \(place.folder)")
            let error = #expect(throws: HistoryError.self) { try place.recorder() }
            #expect(error?.cause == .notWritable)
            let reading = #expect(throws: HistoryError.self) { try HistoryReader(place.path) }
            #expect(reading?.cause == .notWritable)
            #expect(reading?.description.contains("copy it") == true)
            let copy = Place()
            try FileManager.default.copyItem(atPath: place.folder, toPath: copy.folder)
            #expect(try copy.recorded().count == 1)
        }
    }

    /// The header is whole: what is behind it is looked at only when asked to.
    @Test func aDamagedPageIsFoundWhenAskedTo() throws {
        var recorder: Recorder? = try place.recorder()
        for number in 0..<1009 as Range<UInt64> {
            recorder?.record(try connection(Array("\(number)".utf8), at: number, id: number), name: [], clock: clock)
        }
        recorder?.finish()
        recorder = nil
        try DatabaseQueue(path: place.path).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        let file = try FileHandle(forUpdating: URL(filePath: place.path))
        try file.seek(toOffset: 20 * 4096)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 200 * 4096))
        try file.close()
        let read = #expect(throws: HistoryError.self) { try place.recorded() }
        #expect(read?.cause == .corrupt)
        let error = #expect(throws: HistoryError.self) { try place.recorder { $0.isChecked = true } }
        #expect(error?.cause == .corrupt)
    }

    @Test func theClockMayStep() throws {
        let recorder = try place.recorder()
        let hour: UInt64 = 3_600_000_000_000
        // Back by an hour in between: the second is of a time that has been, by the clock that says so.
        for (number, boot) in [clock.bootTime, clock.bootTime - hour, clock.bootTime + hour, clock.bootTime]
            .enumerated()
        {
            recorder.record(
                try connection(Array("\(number)".utf8), at: 23 + UInt64(number), id: UInt64(number)), name: [],
                clock: WallClock(bootTime: boot))
        }
        // At the same moment.
        recorder.record(try connection(Array("4".utf8), at: 23, id: 4), name: [], clock: clock)
        recorder.finish()
        let found = try place.recorded()
        #expect(found.map(\.connection.threadName) == ["1", "0", "4", "3", "2"].map { Array($0.utf8) })
        #expect(found.map(\.connection.connectTime) == [24, 23, 23, 26, 25])
        #expect(
            found.map { $0.time &- clock.bootTime } == [24 &- hour, 23, 23, 26, 25 + hour])
    }
}
