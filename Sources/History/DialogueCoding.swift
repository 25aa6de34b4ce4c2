internal import MailWatch

extension ByteWriter {
    /// What the dialogues of one sender share.
    mutating func shape(of dialogue: SMTPDialogue) {
        let flags: [Bool] = [
            dialogue.saidStartTLS, dialogue.isEncrypted, dialogue.reachedData, dialogue.saidQuit,
        ]
        number(flags.enumerated().reduce(0 as UInt8) { $1.element ? $0 | 1 << $1.offset : $0 })
        number(dialogue.gaps.rawValue)
        optional(dialogue.hello) { $0.text($1.rawValue) }
        text(dialogue.helloName)
        text(dialogue.serverName)
        text(dialogue.authMechanism)
        optional(dialogue.proxy) {
            $0.text($1.kind.rawValue)
            $0.text($1.host)
            $0.number($1.port)
        }
    }

    mutating func reply(_ reply: SMTPDialogue.Reply) {
        number(reply.code)
        text(reply.text)
    }

    mutating func reasons(_ reasons: [Reason]) {
        list(reasons) {
            $0.text($1.code.rawValue)
            $0.text($1.sentence)
        }
    }
}

extension ByteReader {
    static func dialogue(shape: [UInt8]) throws(Malformed) -> SMTPDialogue {
        var reader = ByteReader(shape)
        var dialogue = SMTPDialogue()
        let flags: UInt8 = try reader.number()
        dialogue.saidStartTLS = flags & 1 != 0
        dialogue.isEncrypted = flags & 2 != 0
        dialogue.reachedData = flags & 4 != 0
        dialogue.saidQuit = flags & 8 != 0
        dialogue.gaps = SMTPDialogue.Gaps(rawValue: try reader.number())
        dialogue.hello = try reader.optional { reader throws(Malformed) in try reader.named() }
        dialogue.helloName = try reader.text()
        dialogue.serverName = try reader.text()
        dialogue.authMechanism = try reader.text()
        dialogue.proxy = try reader.optional { reader throws(Malformed) in
            SMTPDialogue.Proxy(kind: try reader.named(), host: try reader.text(), port: try reader.number())
        }
        return dialogue
    }

    static func reply(_ bytes: [UInt8]) throws(Malformed) -> SMTPDialogue.Reply {
        var reader = ByteReader(bytes)
        return SMTPDialogue.Reply(code: try reader.number(), text: try reader.text())
    }

    static func reasons(_ bytes: [UInt8]) throws(Malformed) -> [Reason] {
        var reader = ByteReader(bytes)
        return try reader.list { reader throws(Malformed) in
            let code: Reason.Code = try reader.named()
            return Reason(code, try reader.text())
        }
    }
}
