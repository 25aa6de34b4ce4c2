import CProbe
import MailWatch
import Testing

/// Swift sees the structures as large as the BPF side, which asserts every size.
struct LayoutTests {
    @Test func sizesAreThoseOfTheContract() {
        #expect(MemoryLayout<probe_connect>.size == 104)
        #expect(MemoryLayout<probe_ancestor>.size == 32)
        #expect(MemoryLayout<probe_identity>.size == 312)
        #expect(MemoryLayout<probe_life>.size == 80)
        #expect(MemoryLayout<probe_frame>.size == 12)
        #expect(MemoryLayout<probe_context>.size == 432)
        #expect(MemoryLayout<probe_program>.size == 32)
        #expect(MemoryLayout<probe_file>.size == 16)
        #expect(MemoryLayout<probe_file_stamp>.size == 24)
        #expect(MemoryLayout<probe_php>.size == 80)
        #expect(MemoryLayout<probe_line>.size == 32)
        #expect(MemoryLayout<probe_losses>.size == 64)
        #expect(MemoryLayout<probe_config>.size == 48)
    }

    /// They have the same names by number on both sides.
    @Test func linesAreThoseOfTheContract() {
        let kinds: [probe_line_what] = [
            PROBE_GREETING, PROBE_REPLY, PROBE_EHLO, PROBE_HELO, PROBE_LHLO, PROBE_MAIL, PROBE_RCPT, PROBE_DATA,
            PROBE_BDAT, PROBE_STARTTLS, PROBE_AUTH, PROBE_QUIT, PROBE_CLIENT_HELLO, PROBE_PROXY,
        ]
        #expect(kinds.map { UInt8($0.rawValue) } == LineEvent.Kind.allCases.map(\.rawValue))
    }

    @Test func portFilterIsAsLargeAsTheMap() {
        #expect(PortSet.mail.words.count == Int(PROBE_PORT_WORDS))
    }
}
