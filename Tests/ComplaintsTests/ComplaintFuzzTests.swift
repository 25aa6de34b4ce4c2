import TestSupport
import Testing

@testable import Complaints

/// A complaint may be anything: 100,000 mutations of the samples where the compiler optimises (`-Xswiftc -O`), which takes
/// 22 s, and the first 5,003 of them where it does not.
struct ComplaintFuzzTests {
    private static let count = _isDebugAssertConfiguration() ? 5_003 : 100_000

    @Test func anythingMayCome() {
        var random = SplitMix64(seed: 61)
        var understood = 0
        for _ in 0..<Self.count {
            var bytes = Samples.all[random.below(Samples.all.count)]
            for _ in 0...random.below(4) {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.removeSubrange(place..<min(place + random.below(40) + 1, bytes.count))
                case 2:
                    let special = Array("()<>[];:\"=?@\n\0".utf8)
                    bytes.insert(special[random.below(special.count)], at: place)
                default:
                    bytes.insert(contentsOf: bytes[place...].prefix(random.below(60)), at: random.below(bytes.count))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let complaint = Complaint(bytes)
            if complaint.source != nil { understood += 1 }
            #expect(complaint.times.count <= 16 && !complaint.explanation.isEmpty)
        }
        #expect(understood > Self.count / 2)
    }
}
