/// A set of TCP ports, as the kernel's port filter holds it: a bit a port.
public struct PortSet: Equatable, Sendable {
    /// 1,024 words of 64 ports.
    public private(set) var words = [UInt64](repeating: 0, count: 1024)

    /// MX delivery, implicit-TLS submission, submission, and providers' alternative.
    public static let mail = PortSet([25, 465, 587, 2525])
    public static let all = PortSet(1...UInt16.max)

    public init(_ ports: some Sequence<UInt16>) {
        for port in ports { insert(port) }
    }

    /// Reads `25`, `1000-2000` or `all`, separated by commas. Nil when it is none of these.
    public init?(_ text: String) {
        self.init([])
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if part == "all" {
                self = .all
                continue
            }
            let bounds = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = Self.port(bounds[0]), let last = Self.port(bounds[bounds.count - 1]), first <= last
            else { return nil }
            for port in first...last { insert(port) }
        }
    }

    public func contains(_ port: UInt16) -> Bool { words[Int(port >> 6)] & 1 << UInt64(port & 63) != 0 }

    public mutating func formUnion(_ other: PortSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    private mutating func insert(_ port: UInt16) { words[Int(port >> 6)] |= 1 << UInt64(port & 63) }

    private static func port(_ text: Substring) -> UInt16? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return UInt16(text).flatMap { $0 == 0 ? nil : $0 }
    }
}

extension PortSet: CustomStringConvertible {
    public var description: String {
        if self == .all { return "all" }
        var runs: [String] = []
        var port = 1
        while port <= Int(UInt16.max) {
            guard contains(UInt16(port)) else {
                port += 1
                continue
            }
            let first = port
            while port < Int(UInt16.max), contains(UInt16(port + 1)) { port += 1 }
            runs.append(first == port ? "\(first)" : "\(first)-\(port)")
            port += 1
        }
        return runs.joined(separator: ",")
    }
}
