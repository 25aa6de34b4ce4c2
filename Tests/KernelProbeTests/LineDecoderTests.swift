import CProbe
import KernelProbe
import MailWatch
import Testing

struct LineDecoderTests {
    private func decode(_ bytes: [UInt8]) -> LineEvent? {
        unsafe bytes.withUnsafeBytes { bytes in
            guard case .line(let line) = unsafe RecordDecoder.decode(bytes.bytes) else { return nil }
            return line
        }
    }

    @Test func commandIsReadWhole() {
        let line = decode(
            Record.line(PROBE_RCPT, "RCPT TO:<b@y.example>") {
                $0.flags = UInt16(PROBE_LINE_CUT.rawValue | PROBE_LINE_GAP.rawValue)
            })
        #expect(
            line
                == LineEvent(
                    time: 3_000_000_041, connection: 5 << 48 | 23, kind: .rcpt,
                    text: Array("RCPT TO:<b@y.example>".utf8), ordinal: 3, recipients: 7, isCut: true,
                    followsGap: true))
    }

    @Test(arguments: [(PROBE_GREETING, LineEvent.Kind.greeting), (PROBE_REPLY, .reply)])
    func replyIsReadBehindItsCode(what: probe_line_what, kind: LineEvent.Kind) {
        let line = decode(Record.line(what, "554 go away") { $0.code = 554 })
        #expect(line?.kind == kind)
        #expect(line?.code == 554)
        #expect(line?.text == Array("go away".utf8))
        #expect(decode(Record.line(what, "554") { $0.code = 554 })?.text == [])
    }

    @Test func sizeBehindTheRecordIsRefused() {
        #expect(decode(Record.line(PROBE_EHLO, "EHLO x") { $0.size = 7 }) == nil)
        #expect(decode(Record.line(PROBE_EHLO, "EHLO x") { $0.size = 5 })?.text == Array("EHLO ".utf8))
        #expect(decode(Record.line(PROBE_EHLO, String(repeating: "x", count: 1024))) == nil)
        #expect(decode(Array(Record.line(PROBE_EHLO, "EHLO x").prefix(31))) == nil)
    }

    @Test(arguments: [0, 15, 255] as [UInt8]) func unknownLineIsRefused(what: UInt8) {
        #expect(decode(Record.line(PROBE_EHLO, "EHLO x") { $0.what = what }) == nil)
    }
}
