/// An address with a prefix length (RFC 4632 section 3.1, RFC 4291 section 2.3).
public struct Network: Sendable, Hashable {
    public let address: IPAddress
    /// In bits, of the family that the address is of.
    public let prefix: Int

    /// `192.0.2.0/24`, `2001:db8::/32`, or an address alone. Nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        guard parts.count > 1 else {
            self.address = address
            prefix = width
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(parts[1]), prefix <= width
        else { return nil }
        self.address = address
        self.prefix = prefix
    }

    public func contains(_ other: IPAddress) -> Bool {
        address.isIPv4 == other.isIPv4 && address.hasPrefix(address.isIPv4 ? prefix + 96 : prefix, sharedWith: other)
    }
}
