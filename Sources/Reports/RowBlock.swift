internal import CZlib

/// Some whole rows on their way out, as they are or deflated.
public enum RowBlock: Sendable {
    case raw([UInt8])
    /// In zlib's format, with the number of bytes that come out of it.
    case deflated([UInt8], count: Int)

    /// Bytes that it takes to hold it.
    var size: Int {
        switch self {
        case .raw(let bytes), .deflated(let bytes, _): bytes.count
        }
    }

    /// The rows.
    public var bytes: [UInt8] {
        switch self {
        case .raw(let bytes): bytes
        case .deflated(let bytes, let count): Self.inflate(bytes, count: count)
        }
    }

    /// Nil where that saves nothing.
    static func deflating(_ bytes: [UInt8]) -> RowBlock? {
        // Shared by nobody, and copied out at its exact size: an array would keep its whole capacity.
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count) { buffer in
            var count = uLongf(buffer.count)
            // Writes at most `count` bytes, and reads those of the array.
            guard unsafe compress2(buffer.baseAddress!, &count, bytes, uLong(bytes.count), Z_BEST_SPEED) == Z_OK
            else { return nil }
            return unsafe .deflated(Array(UnsafeBufferPointer(rebasing: buffer[..<Int(count)])), count: bytes.count)
        }
    }

    private static func inflate(_ bytes: [UInt8], count: Int) -> [UInt8] {
        // Writes at most `length` bytes into the room for `count`, and reads those of the array.
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var length = uLongf(count)
            let status = unsafe uncompress(buffer.baseAddress!, &length, bytes, uLong(bytes.count))
            precondition(status == Z_OK && length == count, "zlib took its own output back with \(status)")
            initialized = count
        }
    }
}
