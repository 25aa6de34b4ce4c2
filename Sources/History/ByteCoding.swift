/// Puts values into bytes: numbers in groups of seven bits, the lowest first (LEB128), texts behind their length.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ number: some FixedWidthInteger & UnsignedInteger) {
        var rest = UInt64(number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// 0 for nil, else one more than the number.
    mutating func number(optional number: UInt32?) { self.number(number.map { UInt64($0) + 1 } ?? 0) }

    mutating func text(_ text: [UInt8]) {
        number(UInt64(text.count))
        bytes += text
    }

    mutating func text(_ text: String) { self.text(Array(text.utf8)) }

    mutating func optional<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
        number(value == nil ? 0 : 1 as UInt8)
        if let value { write(&self, value) }
    }

    mutating func list<Element>(_ elements: [Element], _ write: (inout ByteWriter, Element) -> Void) {
        number(UInt64(elements.count))
        for element in elements { write(&self, element) }
    }
}

/// Takes values out of bytes again. The file may be damaged: whatever does not fit is an error.
struct ByteReader {
    struct Malformed: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>() throws(Malformed) -> Number {
        var number: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw Malformed() }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                guard let number = Number(exactly: number) else { throw Malformed() }
                return number
            }
        }
        throw Malformed()
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { rest.isEmpty }

    mutating func optionalNumber() throws(Malformed) -> UInt32? {
        let number: UInt64 = try number()
        guard number <= 1 << 32 else { throw Malformed() }
        return number == 0 ? nil : UInt32(number - 1)
    }

    mutating func text() throws(Malformed) -> [UInt8] {
        let count: UInt64 = try number()
        guard count <= UInt64(rest.count) else { throw Malformed() }
        defer { rest = rest.dropFirst(Int(count)) }
        return Array(rest.prefix(Int(count)))
    }

    mutating func string() throws(Malformed) -> String { String(decoding: try text(), as: UTF8.self) }

    mutating func optional<Value>(
        _ read: (inout ByteReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value? {
        let isThere: UInt8 = try number()
        return isThere == 0 ? nil : try read(&self)
    }

    mutating func list<Element>(
        _ read: (inout ByteReader) throws(Malformed) -> Element
    ) throws(Malformed) -> [Element] {
        let count: UInt64 = try number()
        // Each takes a byte at least.
        guard count <= UInt64(rest.count) else { throw Malformed() }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try read(&self)) }
        return elements
    }

    /// A value of an enumeration, by the text that stands for it.
    mutating func named<Name: RawRepresentable<String>>() throws(Malformed) -> Name {
        guard let name = Name(rawValue: try string()) else { throw Malformed() }
        return name
    }
}
