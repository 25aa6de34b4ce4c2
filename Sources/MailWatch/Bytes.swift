/// Text is put together as bytes: no String is made on the way from a record to a row.
extension [UInt8] {
    @inlinable
    public mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inlinable
    public mutating func append(_ text: String) { append(contentsOf: text.utf8) }

    /// Appends a number, with zeros in front up to `width` digits.
    public mutating func append(decimal value: UInt64, width: Int = 1) {
        var digits = [20 of UInt8](repeating: UInt8(ascii: "0"))
        var rest = value
        var count = 0
        repeat {
            digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        count = Swift.max(count, Swift.min(width, digits.count))
        while count > 0 {
            count -= 1
            append(digits[count])
        }
    }

    /// Appends the low bits of a number as `width` hexadecimal digits.
    mutating func append(hexadecimal value: UInt32, width: Int) {
        for digit in (0..<width).reversed() {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt32(digit * 4) & 0xF)
            append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
