internal import Glibc
public import MailWatch

/// What this host calls itself, for EHLO.
enum HostNames {
    /// By the names that the administrator has given it; nothing asks DNS.
    static func current(addresses: Set<IPAddress>) -> Set<String> {
        let postfix = PostfixSettings()
        var names = [Host.name]
        for path in ["/etc/hostname", "/etc/mailname"] {
            names += lines(readFile(path, limit: 4096) ?? []).prefix(1)
        }
        names += ["myhostname", "smtp_helo_name"].compactMap { postfix[$0] }
        names += hosts(readFile("/etc/hosts", limit: 1 << 20) ?? [], of: addresses)
        return Set(names.compactMap(normal))
    }

    /// The names that hosts(5) gives to own addresses, and to 127.0.1.1, as Debian calls a host without a fixed address.
    /// Those of other loopback addresses are everybody's.
    static func hosts(_ text: [UInt8], of addresses: Set<IPAddress>) -> [String] {
        let debian = IPAddress("127.0.1.1")
        return lines(text).flatMap { line -> [String] in
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let word = words.first, let address = IPAddress(word),
                address == debian || addresses.contains(address) && !address.isLoopback
            else { return [] }
            return Array(words.dropFirst())
        }
    }

    /// In lower case, without a dot at the end; nil for what is no name of one host.
    static func normal(_ name: String) -> String? {
        var name = name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        return name.isEmpty || name == "localhost" || name.hasPrefix("localhost.") ? nil : name
    }

    /// Without comments and empty lines.
    private static func lines(_ text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            return words.isEmpty ? nil : words.joined(separator: " ")
        }
    }
}

extension HostIdentity {
    /// That of this host, now: addresses come and go.
    public static var current: HostIdentity {
        var identity = HostIdentity()
        identity.addresses = OwnAddresses.current
        identity.names = HostNames.current(addresses: identity.addresses)
        return identity
    }
}
