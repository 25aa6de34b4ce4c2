internal import FoundationEssentials
internal import MailWatch

/// JSON, as far as XARF needs it.
private enum JSONValue: Decodable {
    case text(String)
    case number(Double)
    case list([JSONValue])
    case object([String: JSONValue])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode([String: JSONValue].self) {
            self = .object(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .other
        }
    }
}

extension ComplaintReader {
    /// XARF version 4 (https://xarf.org/). False where it is none.
    mutating func readXARF(_ bytes: [UInt8]) -> Bool {
        // A report is small but for its evidence, and decoding takes many times its size.
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
            case .object(let object) = value,
            case .text(let version) = object["xarf_version"], version.hasPrefix("4")
        else { return false }
        become(.xarf)
        func text(_ key: String) -> (value: [UInt8], line: [UInt8])? {
            guard case .text(let text) = object[key] else { return nil }
            return (Array(text.utf8.prefix(998)), Array("\(key): \(text)".utf8.prefix(300)))
        }
        func port(_ key: String) -> (value: UInt16, line: [UInt8])? {
            guard case .number(let number) = object[key], let port = UInt16(exactly: number) else { return nil }
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
        guard case .list(let evidence) = object["evidence"] else { return true }
        for case .object(let item) in evidence.prefix(10) {
            guard case .text(let payload) = item["payload"], case .text(let type) = item["content_type"],
                type.hasPrefix("message/rfc822") || type.hasPrefix("text/")
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
