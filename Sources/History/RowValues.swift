internal import GRDB

/// Typed values of a row. GRDB's own subscripts trap where a value has another type, and SQLite keeps any value in any
/// column: a damaged database has to be an error.
extension Row {
    /// ns since the epoch; later times would overflow where widths and tolerances are added. The year 2116.
    private static let timeLimit: Int64 = 1 << 62

    func integer(_ index: Int) throws(ByteReader.Malformed) -> Int64 {
        guard let value = try optionalInteger(index) else { throw ByteReader.Malformed() }
        return value
    }

    func optionalInteger(_ index: Int) throws(ByteReader.Malformed) -> Int64? {
        switch (self[index] as DatabaseValue).storage {
        case .int64(let value): return value
        case .null: return nil
        default: throw ByteReader.Malformed()
        }
    }

    func number<Number: FixedWidthInteger>(_ index: Int) throws(ByteReader.Malformed) -> Number {
        guard let number = Number(exactly: try integer(index)) else { throw ByteReader.Malformed() }
        return number
    }

    /// How often something happened: small enough that the sum over all rows is a number too.
    func count(_ index: Int) throws(ByteReader.Malformed) -> Int {
        let count = try integer(index)
        guard (0..<1 << 40).contains(count) else { throw ByteReader.Malformed() }
        return Int(count)
    }

    /// ns since the epoch.
    ///
    /// - Parameter shift: the column of ns that are taken from it.
    func time(_ index: Int, minus shift: Int? = nil) throws(ByteReader.Malformed) -> UInt64 {
        let time = try integer(index) &- (shift.map { index throws(ByteReader.Malformed) in try integer(index) } ?? 0)
        guard (0..<Self.timeLimit).contains(time) else { throw ByteReader.Malformed() }
        return UInt64(time)
    }

    /// ns after another time.
    func optionalSpan(_ index: Int) throws(ByteReader.Malformed) -> UInt64? {
        guard let span = try optionalInteger(index) else { return nil }
        guard (0..<Self.timeLimit).contains(span) else { throw ByteReader.Malformed() }
        return UInt64(span)
    }

    func blob(_ index: Int) throws(ByteReader.Malformed) -> [UInt8] {
        guard case .blob(let bytes) = (self[index] as DatabaseValue).storage else { throw ByteReader.Malformed() }
        return Array(bytes)
    }

    func string(_ index: Int) throws(ByteReader.Malformed) -> String {
        guard case .string(let text) = (self[index] as DatabaseValue).storage else { throw ByteReader.Malformed() }
        return text
    }
}

/// The keys of rows that are read in their order. A damaged table can lead back to pages that were read before.
struct AscendingKeys {
    private var last: Int64?

    mutating func check(_ key: Int64) throws(ByteReader.Malformed) {
        if let last, key <= last { throw ByteReader.Malformed() }
        last = key
    }
}
