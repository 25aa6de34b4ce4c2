internal import MailWatch

/// Addresses within texts.
enum AddressText {
    private static let internalNetworks = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "::/127", "fc00::/7", "fe80::/10",
    ].compactMap(Network.init)

    /// Whether others can have seen it.
    static func isPublic(_ address: IPAddress) -> Bool { !internalNetworks.contains { $0.contains(address) } }

    /// A word that is an address, but for `IPv6:` or `user@` in front, brackets, a port and punctuation around.
    static func read(_ word: ArraySlice<UInt8>) -> (address: IPAddress, port: UInt16?)? {
        guard (2...80).contains(word.count),
            word.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") })
        else { return nil }
        var word = word
        if let at = word.lastIndex(of: UInt8(ascii: "@")) { word = word[(at + 1)...] }
        let punctuation = Array("<>[](){},;.\"'=".utf8)
        while let first = word.first, punctuation.contains(first) { word.removeFirst() }
        var port: UInt16?
        if let close = word.lastIndex(of: UInt8(ascii: "]")), word[close...].dropFirst().first == UInt8(ascii: ":") {
            port = UInt16(word[close...].dropFirst(2).text)
            word = word[..<close]
        }
        while let last = word.last, punctuation.contains(last) { word.removeLast() }
        if word.prefix(5).lowercased.elementsEqual("ipv6:".utf8) { word = word.dropFirst(5) }
        guard word.allSatisfy({ $0.isDigit || $0.isLetter || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
        else { return nil }
        let colons = word.count { $0 == UInt8(ascii: ":") }
        if word.last == UInt8(ascii: ":"), colons == 1 { word.removeLast() }
        if colons == 1, let colon = word.firstIndex(of: UInt8(ascii: ":")), colon + 1 < word.endIndex {
            port = UInt16(word[(colon + 1)...].text)
            word = word[..<colon]
        }
        guard colons > 1 || word.count(where: { $0 == UInt8(ascii: ".") }) == 3, let address = IPAddress(word.text)
        else { return nil }
        return (address, port)
    }
}
