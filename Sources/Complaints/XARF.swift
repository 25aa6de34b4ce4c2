internal import MailWatch

extension ComplaintReader {
    /// XARF version 4 (https://xarf.org/). False where it is none.
    mutating func readXARF(_ bytes: [UInt8]) -> Bool {
        // A report is small but for its evidence, and decoding takes many times its size.
        guard let report = JSON(text: bytes), report["xarf_version"].text.hasPrefix("4") else { return false }
        become(.xarf)
        func text(_ key: String) -> (value: [UInt8], line: [UInt8])? {
            guard let text = report[key].string else { return nil }
            return (Array(text.utf8.prefix(998)), Array("\(key): \(text)".utf8.prefix(300)))
        }
        func port(_ key: String) -> (value: UInt16, line: [UInt8])? {
            guard let number = report[key].number, let port = UInt16(exactly: number) else { return nil }
            return (port, Array("\(key): \(port)".utf8))
        }
        if let (value, line) = text("source_identifier") { note(source: AddressText.read(value[...])?.address, line) }
        if let (value, line) = port("source_port") { note(sourcePort: value, line) }
        if let (value, line) = text("destination_ip") { note(destination: AddressText.read(value[...])?.address, line) }
        if let (value, line) = port("destination_port") { note(destinationPort: value, line) }
        for key in ["timestamp", "first_seen", "last_seen"] {
            if let (value, line) = text(key) { note(time: value, line) }
        }
        if let (value, line) = text("smtp_from") { note(sender: mailbox(value[...]), line) }
        if let (value, line) = text("smtp_to") { note(recipient: mailbox(value[...]), line) }
        if let (value, line) = text("subject") { note(subject: value, line) }
        if let (value, line) = text("message_id") { note(messageID: value, line) }
        for item in report["evidence"].list.prefix(10) {
            let type = item["content_type"].text
            guard let payload = item["payload"].string, type.hasPrefix("message/rfc822") || type.hasPrefix("text/")
            else { continue }
            for case .header(let fields, _) in MailPieces(TransferEncoding.base64(payload.utf8), isAttached: true)
                .pieces
            {
                read(header: fields)
            }
        }
        return true
    }
}
