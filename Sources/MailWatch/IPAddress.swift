internal import Glibc

/// An IPv4 or IPv6 address. A v4-mapped one (RFC 4291 section 2.5.5.2) is the IPv4 address that it stands for.
public struct IPAddress: Hashable, Sendable {
    /// The sixteen bytes of the IPv6 form, most significant first; IPv4 is held as v4-mapped.
    let high: UInt64
    let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF

    /// - Parameter ipv4: in host byte order.
    public init(ipv4: UInt32) {
        high = 0
        low = Self.mappedPrefix << 32 | UInt64(ipv4)
    }

    /// The two halves of an IPv6 address, in host byte order.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The text form that inet_pton(3) takes; nil for anything else.
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        // The buffers are as large as each family needs.
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr))
        } else if unsafe inet_pton(AF_INET6, text, &six) == 1 {
            let halves = unsafe withUnsafeBytes(of: six) {
                unsafe (
                    $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                    $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                )
            }
            self.init(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
        } else {
            return nil
        }
    }

    public var isIPv4: Bool { high == 0 && low >> 32 == Self.mappedPrefix }

    public var isUnspecified: Bool { high == 0 && (low == 0 || low == Self.mappedPrefix << 32) }

    /// 127.0.0.0/8, ::1.
    public var isLoopback: Bool { isIPv4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1 }

    /// Whether the first `bits` of the 128 are the same.
    func hasPrefix(_ bits: Int, sharedWith other: IPAddress) -> Bool {
        func same(_ a: UInt64, _ b: UInt64, _ bits: Int) -> Bool { bits <= 0 || (a ^ b) >> UInt64(64 - bits) == 0 }
        return same(high, other.high, min(bits, 64)) && same(low, other.low, bits - 64)
    }

    /// Appends the text form: dotted decimal, or RFC 5952 as inet_ntop(3) gives it.
    public func append(to text: inout [UInt8]) {
        if isIPv4 {
            for shift in stride(from: 24, through: 0, by: -8) {
                text.append(decimal: low >> UInt64(shift) & 0xFF)
                if shift > 0 { text.append(UInt8(ascii: ".")) }
            }
            return
        }
        var address = (high.bigEndian, low.bigEndian)
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // The buffer holds any IPv6 text, and the tuple is the sixteen bytes that inet_ntop reads.
        unsafe inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count))
        for character in buffer.prefix(while: { $0 != 0 }) { text.append(UInt8(bitPattern: character)) }
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

/// An address and a TCP port.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    public let port: UInt16

    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Appends `192.0.2.1:25` or `[2001:db8::1]:25` (RFC 3986 section 3.2.2).
    public func append(to text: inout [UInt8]) {
        if address.isIPv4 {
            address.append(to: &text)
        } else {
            text.append(UInt8(ascii: "["))
            address.append(to: &text)
            text.append(UInt8(ascii: "]"))
        }
        text.append(UInt8(ascii: ":"))
        text.append(decimal: UInt64(port))
    }

    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
