import MailWatch
import TestSupport
import Testing

@testable import Reports

struct BacklogTests {
    /// Whole rows of text, at least `size` bytes, each row with a number of its own.
    private func rows(from number: inout Int, size: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        repeat {
            bytes.append(decimal: UInt64(number), width: 8)
            bytes.append(",refused,192.0.2.25,25,www-data,/usr/bin/php8.2 -f /var/www/wp-cron.php\n" as StaticString)
            number += 1
        } while bytes.count < size
        return bytes
    }

    /// Does all jobs at once, as a deflater does that keeps up.
    private func deflate(_ backlog: inout Backlog) {
        while let job = backlog.nextJob() {
            if let deflated = job.deflated() { backlog.finish(job, deflated) }
        }
    }

    private func isDeflated(_ block: RowBlock?) -> Bool {
        if case .deflated = block { true } else { false }
    }

    /// All that is left.
    private func drain(_ backlog: inout Backlog) -> [UInt8] {
        var bytes: [UInt8] = []
        while let block = backlog.next() { bytes += block.bytes }
        return bytes
    }

    @Test func aLoneWriteIsTakenAtOnceAndAsItIs() {
        var backlog = Backlog(limit: 1 << 20)
        let nothing = backlog.next()
        #expect(nothing == nil)
        let fits = backlog.append(Array("a\n".utf8))
        let block = backlog.next()
        #expect(fits)
        #expect(block?.bytes == Array("a\n".utf8))
        #expect(backlog.held == 0)
    }

    /// Some write, some take, some deflate, each as chance has it; jobs end late, and when their block has gone.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func everyByteComesOutInOrder(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var backlog = Backlog(limit: .max)
        var written: [UInt8] = []
        var taken: [UInt8] = []
        var number = 0
        var job: Backlog.Job?
        var deflated = 0
        for step in 0..<4000 {
            // Grows and shrinks by turns.
            let isFilling = step / 400 % 2 == 0
            switch random.below(8) {
            case 0..<(isFilling ? 5 : 1):
                let bytes = rows(from: &number, size: 1 << random.below(19))
                _ = backlog.append(bytes)
                written += bytes
            case 5:
                if let job, let block = job.deflated() { backlog.finish(job, block) }
                job = backlog.nextJob()
            case 6...7 where isFilling && random.below(8) > 0: break
            default:
                guard let block = backlog.next() else { continue }
                if isDeflated(block) { deflated += 1 }
                taken += block.bytes
            }
        }
        taken += drain(&backlog)
        // Apart, as it would be printed.
        let isWhole = taken == written
        #expect(isWhole)
        #expect(backlog.held == 0)
        #expect(deflated > 20)
    }

    @Test func aBlockHoldsWholeWrites() {
        var backlog = Backlog(limit: .max)
        var number = 0
        for _ in 0..<1000 { _ = backlog.append(rows(from: &number, size: 997)) }
        deflate(&backlog)
        while let block = backlog.next() {
            #expect(block.bytes.count <= Backlog.blockSize)
            #expect(block.bytes.last == UInt8(ascii: "\n"))
        }
    }

    @Test func aShortBacklogWaitsRaw() {
        var backlog = Backlog(limit: .max)
        var number = 0
        while backlog.held <= Backlog.rawLimit - 2048 {
            _ = backlog.append(rows(from: &number, size: 1024))
            let job = backlog.nextJob()
            #expect(!backlog.needsDeflating)
            #expect(job == nil)
        }
        _ = backlog.append(rows(from: &number, size: 4096))
        #expect(backlog.needsDeflating)
        // The rows that are written next stay as they are.
        deflate(&backlog)
        let first = backlog.next()
        #expect(!isDeflated(first))
    }

    @Test func aLongBacklogTakesATenthOfItsRows() {
        var backlog = Backlog(limit: .max)
        var number = 0
        var count = 0
        var most = 0
        while count < 64 << 20 {
            let bytes = rows(from: &number, size: 100_000)
            count += bytes.count
            _ = backlog.append(bytes)
            deflate(&backlog)
            most = max(most, backlog.held)
        }
        #expect(most < Backlog.rawLimit + count / 10)
    }

    @Test func theLimitIsOnWhatIsHeld() {
        let limit = Backlog.rawLimit + 1 << 20
        var backlog = Backlog(limit: limit)
        var number = 0
        var written: [UInt8] = []
        var next = rows(from: &number, size: 10_000)
        while backlog.append(next) {
            written += next
            #expect(backlog.held <= limit)
            deflate(&backlog)
            next = rows(from: &number, size: 10_000)
        }
        // The refused rows would have gone beyond it, and far more than it has come in.
        #expect(backlog.held + next.count > limit)
        #expect(written.count > 3 * limit)
        // Refused rows leave no trace; what is taken makes room.
        let first = backlog.next()?.bytes ?? []
        let fits = backlog.append(next)
        let rest = drain(&backlog)
        #expect(fits)
        let isWhole = first + rest == written + next
        #expect(isWhole)
        #expect(backlog.held == 0)
    }

    @Test func exactlyTheLimitFits() {
        var backlog = Backlog(limit: 8)
        let fit = ["12345\n", "12\n", "1\n", "\n"].map { backlog.append(Array($0.utf8)) }
        #expect(fit == [true, false, true, false])
        let rows = drain(&backlog)
        #expect(rows == Array("12345\n1\n".utf8))
    }

    @Test func whatDoesNotShrinkStaysRaw() {
        var random = SplitMix64(seed: 4)
        var backlog = Backlog(limit: .max)
        var written: [UInt8] = []
        while written.count < 2 * Backlog.rawLimit {
            let bytes = (0..<100_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            _ = backlog.append(bytes)
            written += bytes
        }
        deflate(&backlog)
        #expect(backlog.held == written.count)
        #expect(!backlog.needsDeflating)
        let isWhole = drain(&backlog) == written
        #expect(isWhole)
    }

    @Test func aJobWhoseBlockIsGoneChangesNothing() throws {
        var backlog = Backlog(limit: .max)
        var number = 0
        while !backlog.needsDeflating { _ = backlog.append(rows(from: &number, size: 10_000)) }
        let next = backlog.nextJob()
        let job = try #require(next)
        _ = drain(&backlog)
        let deflated = try #require(job.deflated())
        backlog.finish(job, deflated)
        #expect(backlog.held == 0)
        _ = backlog.append(Array("a\n".utf8))
        let rest = drain(&backlog)
        #expect(rest == Array("a\n".utf8))
    }

    @Test func whatIsGoneIsNotToBeDeflated() {
        var backlog = Backlog(limit: .max)
        var number = 0
        while !backlog.needsDeflating { _ = backlog.append(rows(from: &number, size: 10_000)) }
        _ = drain(&backlog)
        // One block, not yet full though large.
        _ = backlog.append(rows(from: &number, size: 2 * Backlog.rawLimit))
        #expect(!backlog.needsDeflating)
    }
}
