/// A mail taken apart (RFC 5322, RFC 2045 to 2047, RFC 6522), as flat as a complaint needs it.
struct MailPieces {
    enum Piece {
        /// The header of the mail itself (depth 0), or of one that is attached to it.
        case header([HeaderField], isAttached: Bool)
        /// The groups of fields of a message/feedback-report or message/delivery-status.
        case report([[HeaderField]], isFeedback: Bool)
        case text([UInt8])
        case json([UInt8])
    }

    private static let depthLimit = 8
    private static let pieceLimit = 200
    /// Of each text; 10 MiB of base64 are 140,000.
    private static let lineLimit = 200_000

    /// Fields of headers and reports that may still come, and bytes that may still be decoded.
    private var fieldsLeft = 20_000
    private var bytesLeft = 4 * Complaint.sizeLimit
    private(set) var pieces: [Piece] = []
    private(set) var isCut = false

    init(_ bytes: [UInt8], isAttached: Bool = false) { takeMail(Self.lines(bytes), depth: 0, isAttached: isAttached) }

    /// Lines end with LF or CRLF. What is behind the last one that is read is left out.
    static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "\n"), maxSplits: lineLimit, omittingEmptySubsequences: false)
            .prefix(lineLimit).map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }

    private mutating func takeFields(_ fields: inout [HeaderField], _ lines: ArraySlice<ArraySlice<UInt8>>) -> Int {
        let length = fields.take(lines, limit: fieldsLeft)
        fieldsLeft -= fields.count
        return length
    }

    private mutating func takeMail(_ lines: [ArraySlice<UInt8>], depth: Int, isAttached: Bool) {
        var fields: [HeaderField] = []
        if lines.count == Self.lineLimit { isCut = true }
        let length = takeFields(&fields, lines[...])
        if !fields.isEmpty { pieces.append(.header(fields, isAttached: isAttached)) }
        takeBody(lines[length...], fields, depth: depth)
    }

    private mutating func takeBody(_ lines: ArraySlice<ArraySlice<UInt8>>, _ fields: [HeaderField], depth: Int) {
        guard depth < Self.depthLimit, pieces.count < Self.pieceLimit, fieldsLeft > 0, bytesLeft > 0 else {
            isCut = true
            return
        }
        let content = fields.first("content-type")
        let type = content?.token ?? "text/plain"
        if type.hasPrefix("multipart/"), let boundary = content?.parameter("boundary"), !boundary.isEmpty {
            takeParts(lines, boundary, depth: depth)
            return
        }
        guard Self.isRead(type) else { return }
        let body = TransferEncoding.decode(lines, fields.first("content-transfer-encoding")?.token ?? "")
        bytesLeft -= body.count
        switch type {
        case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers":
            takeMail(Self.lines(body), depth: depth + 1, isAttached: true)
        case "message/feedback-report": pieces.append(.report(groups(body), isFeedback: true))
        case "message/delivery-status", "message/global-delivery-status":
            pieces.append(.report(groups(body), isFeedback: false))
        case "application/json", "application/xarf", "application/vnd.xarf+json", "text/json":
            pieces.append(.json(body))
        default: if type.hasPrefix("text/") { pieces.append(.text(body)) }
        }
    }

    /// What nobody reads is not decoded.
    private static func isRead(_ type: String) -> Bool {
        ["text/", "message/", "application/json", "application/xarf", "application/vnd.xarf+json"].contains {
            type.hasPrefix($0)
        }
    }

    /// RFC 2046 section 5.1.1. The last part may lack its end.
    private mutating func takeParts(_ lines: ArraySlice<ArraySlice<UInt8>>, _ boundary: [UInt8], depth: Int) {
        let delimiter = Array("--".utf8) + boundary
        var start: Int?
        for index in lines.indices where lines[index].starts(with: delimiter) {
            let rest = lines[index].dropFirst(delimiter.count).trimmed
            guard rest.isEmpty || rest.elementsEqual("--".utf8) else { continue }
            if let start { takePart(lines[start..<index], depth: depth) }
            start = index + 1
            if !rest.isEmpty { return }
        }
        if let start { takePart(lines[start...], depth: depth) }
    }

    private mutating func takePart(_ lines: ArraySlice<ArraySlice<UInt8>>, depth: Int) {
        var fields: [HeaderField] = []
        let length = takeFields(&fields, lines)
        takeBody(lines.dropFirst(length), fields, depth: depth + 1)
    }

    private mutating func groups(_ body: [UInt8]) -> [[HeaderField]] {
        var rest = Self.lines(body)[...]
        var groups: [[HeaderField]] = []
        while !rest.isEmpty, groups.count < 100 {
            var fields: [HeaderField] = []
            rest = rest.dropFirst(Swift.max(takeFields(&fields, rest), 1))
            if !fields.isEmpty { groups.append(fields) }
        }
        return groups
    }
}
