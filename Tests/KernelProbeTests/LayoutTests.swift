import CProbe
import MailWatch
import Testing

/// Swift sees the structures as large as the BPF side, which asserts every size.
struct LayoutTests {
    @Test func sizesAreThoseOfTheContract() {
        #expect(MemoryLayout<probe_connect>.size == 88)
        #expect(MemoryLayout<probe_ancestor>.size == 32)
        #expect(MemoryLayout<probe_identity>.size == 280)
        #expect(MemoryLayout<probe_life>.size == 72)
        #expect(MemoryLayout<probe_losses>.size == 32)
        #expect(MemoryLayout<probe_config>.size == 16)
    }

    @Test func portFilterIsAsLargeAsTheMap() {
        #expect(PortSet.mail.words.count == Int(PROBE_PORT_WORDS))
    }
}
