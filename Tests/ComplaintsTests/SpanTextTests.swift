import Testing

@testable import Complaints

@Test(arguments: [
    (0, "0 s"), (59, "59 s"), (60, "1 min"), (301, "5 min 1 s"), (3600, "1 h"), (19_103, "5 h 18 min"),
    (86_400, "1 d"), (90_061, "1 d 1 h"),
])
func aSpanIsReadable(seconds: UInt64, text: String) { #expect(spanText(seconds * 1_000_000_000) == text) }
