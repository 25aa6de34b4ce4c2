internal import MailWatch

/// Writes one JSON object straight to bytes: at storm rates an encoder's object tree would cost more than all the rest.
struct JSONWriter {
    private(set) var text: [UInt8] = []
    private(set) var timestamps: TimestampWriter
    private var isFirst = true

    init(timestamps: TimestampWriter = TimestampWriter()) { self.timestamps = timestamps }

    /// Members that were written before.
    mutating func fragment(_ members: [UInt8]) {
        guard !members.isEmpty else { return }
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        text += members
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        text.append(UInt8(ascii: "{"))
        isFirst = true
        body(&self)
        text.append(UInt8(ascii: "}"))
        isFirst = false
    }

    mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }

    mutating func objects<Element>(
        _ name: String, _ elements: [Element], _ body: (Element, inout JSONWriter) -> Void
    ) {
        list(name, elements) { element, json in json.object { body(element, &$0) } }
    }

    mutating func text(_ name: String, _ value: String) {
        key(name)
        quoted(Array(value.utf8)[...])
    }

    mutating func texts(_ name: String, _ values: [String]) {
        list(name, values) { $1.quoted(Array($0.utf8)[...]) }
    }

    mutating func bytes(_ name: String, _ value: [UInt8]) {
        key(name)
        if quoted(value[...]) > 0 { text("\(name)_base64", base64(value)) }
    }

    mutating func bytesList(_ name: String, _ values: [ArraySlice<UInt8>]) {
        var invalid = 0
        list(name, values) { invalid += $1.quoted($0) }
        if invalid > 0 { texts("\(name)_base64", values.map { base64(Array($0)) }) }
    }

    mutating func number(_ name: String, _ value: some UnsignedInteger) {
        key(name)
        text.append(decimal: UInt64(value))
    }

    /// A user or group as ECS has it; nothing where the number is not known.
    mutating func account(_ key: String, _ id: UInt32?, name: String? = nil) {
        guard let id else { return }
        object(key) {
            $0.text("id", String(id))
            if let name { $0.text("name", name) }
        }
    }

    mutating func flag(_ name: String, _ value: Bool) {
        key(name)
        text.append(value ? "true" as StaticString : "false")
    }

    mutating func address(_ name: String, _ value: IPAddress) {
        key(name)
        text.append(UInt8(ascii: "\""))
        value.append(to: &text)
        text.append(UInt8(ascii: "\""))
    }

    /// - Parameter value: ns since the epoch.
    mutating func time(_ name: String, _ value: UInt64) {
        key(name)
        text.append(UInt8(ascii: "\""))
        timestamps.append(value, to: &text)
        text.append(UInt8(ascii: "\""))
    }

    private mutating func list<Element>(
        _ name: String, _ elements: [Element], _ body: (Element, inout JSONWriter) -> Void
    ) {
        key(name)
        text.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            body(element, &self)
        }
        text.append(UInt8(ascii: "]"))
    }

    private mutating func key(_ name: String) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        text.append(UInt8(ascii: "\""))
        text.append(name)
        text.append("\":" as StaticString)
    }

    /// Returns the number of bytes that were no UTF-8.
    @discardableResult
    private mutating func quoted(_ bytes: ArraySlice<UInt8>) -> Int {
        text.append(UInt8(ascii: "\""))
        let invalid = Escaping.append(bytes, to: &text, for: .json)
        text.append(UInt8(ascii: "\""))
        return invalid
    }
}

/// RFC 4648 section 4. (Foundation has it, and would cost ten milliseconds at each start.)
private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | ($1 < group.count ? UInt32(group[start + $1]) : 0) }
        for digit in 0..<4 {
            text.append(
                digit <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * digit) & 63)] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}
