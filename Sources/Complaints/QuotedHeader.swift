/// A header within a text: quoted with `>`, indented, or pasted so that its folds are lost.
enum QuotedHeader {
    static func find(in text: [UInt8]) -> [HeaderField]? {
        let lines = MailPieces.lines(text).map { $0.drop { $0 == UInt8(ascii: ">") || $0.isBlank } }
        guard let start = lines.firstIndex(where: { HeaderField($0)?.name == "received" }) else { return nil }
        var fields: [HeaderField] = []
        for line in lines[start...] {
            guard !line.isEmpty, fields.count < 1000 else { break }
            // Without its indent a fold such as `id itOW; Tue, 13 Feb 2018 03:54:09` is no field: it has a blank before its colon.
            if let field = HeaderField(line) { fields.append(field) } else { fields[fields.count - 1].fold(line) }
        }
        return fields
    }
}
