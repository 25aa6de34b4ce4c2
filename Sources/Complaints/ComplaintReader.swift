internal import MailWatch

/// Reads a complaint of any kind. What is said in a format's own fields comes first, then what an attached or quoted header
/// says, then the text, and last the header that the complaint itself came with.
struct ComplaintReader {
    private let ownAddresses: Set<IPAddress>
    private(set) var complaint = Complaint(kind: .unknown)
    /// What may still be looked at. A complaint that is made to take long has more of it.
    private var proseLeft = 256 << 10
    private var quoteLeft = 1 << 20
    private var receivedLeft = 500
    private var reportsLeft = 4
    private var timesLeft = 1000

    init(ownAddresses: Set<IPAddress>) { self.ownAddresses = ownAddresses }

    mutating func read(_ bytes: [UInt8]) {
        complaint.isCut = bytes.count > Complaint.sizeLimit
        let bytes = complaint.isCut ? Array(bytes.prefix(Complaint.sizeLimit)) : bytes
        if bytes.first(where: { !$0.isBlank }) == UInt8(ascii: "{") {
            complaint.isRefused = !JSON.isBounded(bytes)
            if complaint.isRefused || readXARF(bytes) { return }
        }
        let mail = MailPieces(Array(bytes.drop(while: \.isBlank)))
        if mail.isCut { complaint.isCut = true }
        guard case .header(let outer, _) = mail.pieces.first,
            outer.contains(where: {
                ["from", "received", "subject", "date", "return-path", "message-id"].contains($0.name)
            })
        else {
            read(text: bytes, isOuter: true)
            return
        }
        readReports(mail)
        for case .json(let bytes) in mail.pieces where complaint.kind == .unknown && reportsLeft > 0 {
            reportsLeft -= 1
            _ = readXARF(bytes)
        }
        if complaint.kind == .unknown, Self.isBounce(outer) { complaint.kind = .bounce }
        for case .header(let fields, isAttached: true) in mail.pieces { read(header: fields) }
        for case .text(let text) in mail.pieces {
            read(
                text: text,
                isOuter: complaint.kind == .unknown && complaint.source == nil && outer.first("received") == nil)
        }
        readOuter(outer, hasBody: mail.pieces.count > 1)
    }

    private mutating func readReports(_ mail: MailPieces) {
        for case .report(let groups, let isFeedback) in mail.pieces {
            complaint.kind = isFeedback ? .arf : .bounce
            for fields in groups { isFeedback ? read(feedback: fields) : read(delivery: fields) }
        }
    }

    /// The header that stands first: the mail complained of, or what brought the complaint.
    private mutating func readOuter(_ fields: [HeaderField], hasBody: Bool) {
        let isItself = complaint.kind == .unknown || complaint.kind == .text && complaint.source == nil
        if isItself {
            read(header: fields)
            complaint.kind = hasBody && fields.first("from") != nil && fields.count > 4 ? .mail : .header
        }
        if complaint.kind == .bounce, let field = fields.first("date") { note(time: field) }
        if complaint.times.isEmpty, complaint.kind != .mail, complaint.kind != .header,
            let field = fields.first("date")
        {
            note(time: field)
        }
    }

    private static func isBounce(_ fields: [HeaderField]) -> Bool {
        let from = (fields.first("from")?.value ?? []).lowercased
        let path = fields.first("return-path")?.value
        return from.contains("mailer-daemon") || from.contains("mail delivery") || from.contains("postmaster@")
            || path.map { $0.elementsEqual("<>".utf8) } ?? false
            || fields.first("auto-submitted")?.token == "auto-replied" && fields.first("x-failed-recipients") != nil
    }

    /// RFC 5965 section 3, RFC 6692 for the port.
    private mutating func read(feedback fields: [HeaderField]) {
        for field in fields {
            switch field.name {
            case "source-ip": note(source: AddressText.read(field.value[...])?.address, field.line)
            case "source-port": note(sourcePort: UInt16(field.value.text), field.line)
            case "original-mail-from": note(sender: mailbox(field.value[...]), field.line)
            case "original-rcpt-to": note(recipient: mailbox(field.value[...]), field.line)
            case "arrival-date", "received-date": note(time: field)
            case "incidents":
                if let count = UInt64(field.value.text) { complaint.incidents = Found(count, line: field.line) }
            case "reporting-mta": note(host: Self.value(field), field.line)
            default: break
            }
        }
    }

    /// RFC 3464 section 2.
    private mutating func read(delivery fields: [HeaderField]) {
        for field in fields {
            let value = Self.value(field)
            switch field.name {
            case "arrival-date", "last-attempt-date": note(time: field)
            case "x-postfix-sender", "x-original-sender": note(sender: mailbox(value[...]), field.line)
            case "original-recipient", "final-recipient": note(recipient: mailbox(value[...]), field.line)
            case "remote-mta":
                let words = value.split(maxSplits: 8, whereSeparator: \.isBlank).prefix(8)
                for word in words { note(destination: AddressText.read(word)?.address, field.line) }
                if let word = words.first, AddressText.read(word) == nil { note(host: Array(word), field.line) }
            case "diagnostic-code": ProseReader.read(field.line, into: &self)
            default: break
            }
        }
    }

    /// Behind the type: `dns; mx.example`.
    private static func value(_ field: HeaderField) -> [UInt8] {
        field.value.firstIndex(of: UInt8(ascii: ";")).map { Array(field.value[($0 + 1)...].trimmed) } ?? field.value
    }

    /// The header of the mail that is complained of.
    mutating func read(header fields: [HeaderField]) {
        let received = fields.filter { $0.name == "received" }.prefix(min(100, receivedLeft)).map {
            (field: $0, line: ReceivedLine($0.value))
        }
        receivedLeft -= received.count
        // Behind address translation, or once the address has moved, none is known to be ours.
        if let (field, line) = received.first(where: { isOurs($0.line.address) })
            ?? received.first(where: { complaint.source == nil && $0.line.address.map(AddressText.isPublic) ?? false })
        {
            note(source: line.address, field.line)
            note(sourcePort: line.port, field.line)
            if complaint.hello == nil, let hello = line.hello { complaint.hello = Found(hello, line: field.line) }
            if complaint.reverseName == nil, let name = line.reverseName {
                complaint.reverseName = Found(name, line: field.line)
            }
            if let sender = line.sender { note(sender: sender, field.line) }
            if let recipient = line.recipient { note(recipient: recipient, field.line) }
            if let host = line.host { note(host: host, field.line) }
            if let date = line.date { note(time: date, field.line) }
        }
        for field in fields {
            switch field.name {
            case "return-path", "x-envelope-from": note(sender: mailbox(field.value[...]), field.line)
            case "delivered-to", "x-original-to", "envelope-to": note(recipient: mailbox(field.value[...]), field.line)
            case "message-id":
                if complaint.messageID == nil {
                    complaint.messageID = Found(mailbox(field.value[...]), line: field.line)
                }
            case "subject": note(subject: field.value, field.line)
            case "date":
                if complaint.written == nil, let time = try? TimeText(field.value.text, now: 0, zone: .utc) {
                    complaint.written = Found(Moment(time), line: field.line)
                }
            default: break
            }
        }
        // The envelope's sender mostly stands in From too.
        if let field = fields.first("from"), field.value.contains(UInt8(ascii: "@")) {
            note(sender: mailbox(field.value[...]), field.line)
        }
    }

    /// The address in brackets is this host's: known to be, or as the complaint says.
    private func isOurs(_ address: IPAddress?) -> Bool {
        guard let address else { return false }
        return ownAddresses.contains(address) || complaint.source?.value == address
    }

    private mutating func read(text: [UInt8], isOuter: Bool) {
        if let quoted = QuotedHeader.find(in: Array(text.prefix(quoteLeft))) {
            read(header: quoted)
            if isOuter, complaint.kind == .unknown { complaint.kind = .header }
        }
        quoteLeft -= min(quoteLeft, text.count)
        ProseReader.read(text, into: &self)
        guard isOuter, complaint.kind == .unknown, complaint.source != nil || !complaint.times.isEmpty else { return }
        let lower = Array(text.prefix(ProseReader.limit)).lowercased
        complaint.kind =
            lower.contains("listed") || lower.contains("helo") || lower.contains("blocklist")
                || lower.contains("detected")
            ? .blocklist : .text
    }
}

extension ComplaintReader {
    mutating func note(source: IPAddress?, _ line: [UInt8]) {
        if complaint.source == nil, let source { complaint.source = Found(source, line: line) }
    }

    mutating func note(destination: IPAddress?, _ line: [UInt8]) {
        if complaint.destination == nil, let destination { complaint.destination = Found(destination, line: line) }
    }

    mutating func note(sourcePort: UInt16?, _ line: [UInt8]) {
        if complaint.sourcePort == nil, let port = sourcePort, port != 0 {
            complaint.sourcePort = Found(port, line: line)
        }
    }

    mutating func note(destinationPort: UInt16?, _ line: [UInt8]) {
        if complaint.destinationPort == nil, let port = destinationPort, port != 0 {
            complaint.destinationPort = Found(port, line: line)
        }
    }

    mutating func note(hello: [UInt8], _ line: [UInt8]) {
        if complaint.hello == nil, !hello.isEmpty { complaint.hello = Found(Array(hello.prefix(255)), line: line) }
    }

    mutating func note(sender: [UInt8], _ line: [UInt8]) {
        if complaint.sender == nil { complaint.sender = Found(sender, line: line) }
    }

    mutating func note(recipient: [UInt8], _ line: [UInt8]) {
        if complaint.recipient == nil, !recipient.isEmpty { complaint.recipient = Found(recipient, line: line) }
    }

    mutating func note(host: [UInt8], _ line: [UInt8]) {
        if complaint.receivingHost == nil, !host.isEmpty {
            complaint.receivingHost = Found(Array(host.prefix(255)), line: line)
        }
    }

    mutating func note(subject: [UInt8], _ line: [UInt8]) {
        guard complaint.subject == nil else { return }
        let subject = TransferEncoding.words(Array(subject.prefix(4 << 10)))
        complaint.subject = Found(Array(subject.prefix(998)), line: line)
    }

    mutating func note(messageID: [UInt8], _ line: [UInt8]) {
        if complaint.messageID == nil { complaint.messageID = Found(mailbox(messageID[...]), line: line) }
    }

    mutating func note(time field: HeaderField) { note(time: field.value, field.line) }

    mutating func note(time: [UInt8], _ line: [UInt8], tolerance: UInt64? = nil) {
        guard takeTime(), let time = try? TimeText(time.prefix(129).text, now: 0, zone: .utc) else { return }
        note(Moment(time, tolerance: tolerance), line)
    }

    /// Whether another text may be tried as a time.
    mutating func takeTime() -> Bool {
        guard timesLeft > 0 else { return false }
        timesLeft -= 1
        return true
    }

    /// How much of a text in words may still be read, up to `count`; it counts as read.
    mutating func takeProse(_ count: Int) -> Int {
        let taken = min(count, proseLeft)
        proseLeft -= taken
        return taken
    }

    mutating func note(_ moment: Moment, _ line: [UInt8]) {
        guard complaint.times.count < 16, !complaint.times.contains(where: { $0.value.time == moment.time })
        else { return }
        complaint.times.append(Found(moment, line: line))
    }

    mutating func become(_ kind: Complaint.Kind) { complaint.kind = kind }
}
