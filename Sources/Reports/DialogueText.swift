public import MailWatch

/// What is told of the mail dialogue in text. All of it is raw: who writes it escapes it.
public enum DialogueText {
    /// `220 mx.example.net ESMTP`
    static func reply(_ reply: SMTPDialogue.Reply) -> [UInt8] {
        reply.text.isEmpty ? Array("\(reply.code)".utf8) : Array("\(reply.code) ".utf8) + reply.text
    }

    /// A mailbox; `<>` for the null path (RFC 5321 section 4.5.5).
    public static func mailbox(_ mailbox: [UInt8]) -> [UInt8] { mailbox.isEmpty ? Array("<>".utf8) : mailbox }

    /// `socks5 mx.example.net:25`
    static func proxy(_ proxy: SMTPDialogue.Proxy) -> [UInt8] {
        Array("\(proxy.kind.rawValue) ".utf8) + proxy.host + Array(":\(proxy.port)".utf8)
    }

    static func gaps(_ dialogue: SMTPDialogue) -> [String] {
        SMTPDialogue.Gaps.names.filter { dialogue.gaps.contains($0.gap) }.map { "\($0.name)" }
    }

    /// `EHLO shop.example`
    static func hello(_ dialogue: SMTPDialogue) -> [UInt8] {
        guard let hello = dialogue.hello else { return [] }
        return Array("\(hello.rawValue) ".utf8) + dialogue.helloName
    }
}

extension SMTPDialogue {
    /// Whether commands that were not seen were not said: what follows a ClientHello is only seen within TLS.
    var isOpenToSee: Bool { !isEncrypted || messages > 0 }
}

/// `41 direct-mx, 2 local`, of those verdicts that there are; nothing where there are none.
public func verdictText(_ counts: [Verdict: Int]) -> String {
    Verdict.allCases.compactMap { verdict in counts[verdict].map { "\($0) \(verdict.rawValue)" } }.joined(
        separator: ", ")
}
