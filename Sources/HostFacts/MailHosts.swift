internal import CLinux
internal import Glibc
public import MailWatch

/// Where mail for a domain goes to, by DNS. Whoever asks waits, some seconds at worst for each name.
public enum MailHosts {
    /// Of one domain, more are not asked for.
    private static let limit = 16

    /// The addresses of a domain's mail exchangers, of the domain itself where it has none (RFC 5321 section 5.1).
    public static func addresses(ofDomain domain: [UInt8]) -> Set<IPAddress> {
        guard isName(domain) else { return [] }
        var buffer = [CChar](repeating: 0, count: 4096)
        let text = String(decoding: domain, as: UTF8.self)
        // Writes names within the buffer, and returns how much of it they take.
        let used = unsafe clinux_mail_exchangers(text, &buffer, Int32(buffer.count))
        let names = buffer.prefix(max(Int(used), 0)).map(UInt8.init(bitPattern:)).split(separator: 0)
        return names.isEmpty
            ? addresses(ofHost: domain)
            : names.prefix(limit).reduce(into: []) { $0.formUnion(addresses(ofHost: Array($1))) }
    }

    /// The addresses of a host, by /etc/hosts and DNS.
    public static func addresses(ofHost name: [UInt8]) -> Set<IPAddress> {
        guard isName(name) else { return [] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(String(decoding: name, as: UTF8.self), nil, &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var addresses: Set<IPAddress> = []
        var next = unsafe first
        // A list that ends with nil, valid until it is freed.
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr.flatMap({ unsafe IPAddress(socketAddress: $0) }) {
                addresses.insert(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }

    /// A stranger has written it: only what can be the name of a host is asked for (RFC 1123 section 2.1).
    private static func isName(_ name: [UInt8]) -> Bool {
        (1...253).contains(name.count) && name.contains(UInt8(ascii: "."))
            && name.allSatisfy { byte in
                let scalar = Unicode.Scalar(byte)
                return scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            }
    }
}
