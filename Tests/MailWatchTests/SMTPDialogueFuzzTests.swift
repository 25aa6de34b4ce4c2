import TestSupport
import Testing

@testable import MailWatch

/// What holds for whatever is said, tried with a million dialogues: cut, merged, reordered and random.
struct SMTPDialogueFuzzTests {
    private static let lines =
        [
            "220 mx.example ready", "EHLO mail.com", "helo [192.0.2.7]", "LHLO x", "STARTTLS", "AUTH PLAIN", "250 ok",
            "MAIL FROM:<posteitaliane@test123.it> SIZE=1009", #"MAIL FROM:<@a,@b:"c\" d"@e.example>"#, "MAIL FROM:<>",
            "RCPT TO:<a@b.example>", "DATA", "354 go on", "BDAT 86 LAST", "BDAT 0", "QUIT", "550 5.1.1 nobody here",
            "CONNECT mx.example:25 HTTP/1.1", "\u{4}\u{1}\0\u{19}\0\0\0\u{9}u\0mx.example\0",
            "\u{5}\u{1}\0\u{3}\u{A}mx.example\0\u{19}", "\u{16}\u{3}\u{1}\0\u{9}\u{1}\0\0\u{5}\u{3}\u{3}",
        ].map { Array($0.utf8) } + [[UInt8](repeating: UInt8(ascii: "\""), count: 1023), [], [0xFF, 0, 0x0D, 0x0A]]

    @Test func anythingMayBeSaid() {
        var random = SplitMix64(seed: 59)
        let kinds = LineEvent.Kind.allCases
        var event = LineEvent(time: 0, connection: 1, kind: .ehlo, text: [])
        var accepted = 0
        for number in 0..<1_000_000 {
            var dialogue = SMTPDialogue()
            for _ in 0...random.below(4) {
                let bits = random.next()
                let line = Self.lines[Int(bits & 0xFFFF) % Self.lines.count]
                event.kind = kinds[Int(bits >> 16 & 0xFFFF) % kinds.count]
                switch bits >> 32 & 7 {
                case 0: event.text = Array(line.prefix(random.below(line.count + 1)))
                case 1: event.text = line + Self.lines[random.below(Self.lines.count)]
                case 2 where !line.isEmpty:
                    event.text = line
                    event.text[random.below(line.count)] = UInt8(truncatingIfNeeded: bits >> 40)
                default: event.text = line
                }
                event.code = UInt16(bits >> 40 & 0x3FF)
                event.ordinal = bits >> 50 & 7 == 0 ? .max : UInt32(bits >> 53 & 3)
                event.recipients = bits >> 55 & 15 == 0 ? .max : UInt32(bits >> 60 & 3)
                event.isCut = bits >> 62 & 1 == 0
                event.isInTLS = bits >> 63 == 0
                dialogue.take(event)
            }
            let isBounded =
                dialogue.helloName.count <= 255 && (dialogue.sender?.count ?? 0) <= 320
                && (dialogue.recipient?.count ?? 0) <= 320 && dialogue.serverName.count <= 255
                && dialogue.authMechanism.count <= 20 && (dialogue.greeting?.text.count ?? 0) <= 120
                && (dialogue.lastReply?.text.count ?? 0) <= 120 && (dialogue.proxy?.host.count ?? 0) <= 255
                && dialogue.accepted <= 4 && dialogue.messages <= 4
            if !isBounded {
                Issue.record("dialogue \(number): \(dialogue)")
                return
            }
            accepted += Int(dialogue.accepted)
        }
        // It gets that far.
        #expect(accepted > 101)
    }
}
