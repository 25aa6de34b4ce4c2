internal import CLibbpf

/// A failed libbpf call: what it was doing, and the code it gave.
struct BPFError: Error, Equatable, CustomStringConvertible {
    let operation: String
    /// An errno, or one of libbpf's own codes (4000 and up).
    let code: Int32

    var description: String {
        var text = [CChar](repeating: 0, count: 128)
        // libbpf_strerror ends what it writes into the buffer with NUL.
        unsafe libbpf_strerror(code, &text, text.count)
        let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "\(operation): \(reason)"
    }
}

/// Turns libbpf's negative result into a thrown error.
@discardableResult
func check(_ operation: String, _ result: Int32) throws(BPFError) -> Int32 {
    guard result >= 0 else { throw BPFError(operation: operation, code: -result) }
    return result
}
