import CProbe
import MailWatch
import Testing

/// Swift sees the structures as large as the BPF side, which asserts every size.
struct LayoutTests {
    @Test func sizesAreThoseOfTheContract() {
        #expect(MemoryLayout<probe_connect>.size == 104)
        #expect(MemoryLayout<probe_ancestor>.size == 32)
        #expect(MemoryLayout<probe_identity>.size == 280)
        #expect(MemoryLayout<probe_life>.size == 72)
        #expect(MemoryLayout<probe_frame>.size == 12)
        #expect(MemoryLayout<probe_context>.size == 432)
        #expect(MemoryLayout<probe_program>.size == 24)
        #expect(MemoryLayout<probe_file>.size == 16)
        #expect(MemoryLayout<probe_file_stamp>.size == 24)
        #expect(MemoryLayout<probe_php>.size == 80)
        #expect(MemoryLayout<probe_losses>.size == 48)
        #expect(MemoryLayout<probe_config>.size == 24)
    }

    @Test func portFilterIsAsLargeAsTheMap() {
        #expect(PortSet.mail.words.count == Int(PROBE_PORT_WORDS))
    }
}
