internal import Glibc
internal import MailWatch

/// The addresses of this host's interfaces, in the network namespace of this process (getifaddrs(3)).
enum OwnAddresses {
    static var current: Set<IPAddress> {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&first) == 0 else { return [] }
        defer { unsafe freeifaddrs(first) }
        var addresses: Set<IPAddress> = []
        var next = unsafe first
        // A list that ends with nil, valid until it is freed.
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ifa_addr.flatMap({ unsafe IPAddress(socketAddress: $0) }) {
                addresses.insert(address)
            }
            unsafe next = entry.pointee.ifa_next
        }
        return addresses
    }
}

extension IPAddress {
    /// Nil for one of another family.
    ///
    /// - Parameter pointer: as large as its family says.
    init?(socketAddress pointer: UnsafeMutablePointer<sockaddr>) {
        let raw = UnsafeRawPointer(pointer)
        switch unsafe Int32(pointer.pointee.sa_family) {
        case AF_INET:
            unsafe self.init(ipv4: UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6:
            // sin6_addr begins at byte 8 (ipv6(7)).
            let high = unsafe raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            let low = unsafe raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
            self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
        default: return nil
        }
    }
}
