internal import Glibc

/// What a build of PHP says of itself in its constants.
struct PHPVersion: Equatable {
    var major: Int
    var minor: Int
    /// `8.2.36`: what stands behind it is left out.
    var text: String

    /// - Parameter text: as main.c has it behind `X-Powered-By: PHP/`.
    init?(_ text: some Collection<UInt8>) {
        let numbers = text.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).prefix(3)
            .map { $0.count <= 3 ? Int(String(decoding: $0, as: UTF8.self)) : nil }
        guard numbers.count >= 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        self.major = major
        self.minor = minor
        self.text = numbers.prefix { $0 != nil }.map { "\($0!)" }.joined(separator: ".")
    }
}

/// What a build decides about its memory: ZEND_BUILD_SYSTEM in its text `API20220829,NTS`.
struct PHPBuild: Equatable {
    var isThreadSafe: Bool
    var isDebug: Bool

    /// - Parameter text: what stands behind `API`.
    init?(_ text: some Collection<UInt8>) {
        guard text.prefix(8).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let parts = String(decoding: text.dropFirst(8).prefix { $0 != 0 }, as: UTF8.self).split(separator: ",")
        guard parts.first == "NTS" || parts.first == "TS" else { return nil }
        isThreadSafe = parts.first == "TS"
        isDebug = parts.contains("debug")
    }
}

extension OpenFile {
    private static let chunk = 1 << 20
    private static let longestText = 32

    /// The first text that makes sense to `parse`, which gets what follows `mark` (32 bytes at most).
    func first<Value>(
        behind mark: String, in ranges: [Range<UInt64>], parse: (ArraySlice<UInt8>) -> Value?
    ) -> Value? {
        let mark = Array(mark.utf8)
        let whole = mark.count + Self.longestText
        for range in ranges {
            var offset = range.lowerBound
            while offset < range.upperBound {
                let wanted = min(UInt64(Self.chunk + whole), range.upperBound - offset)
                let bytes = read(Int(wanted), at: offset)
                var start = 0
                while let place = Self.find(mark, in: bytes, from: start) {
                    let text = bytes[(place + mark.count)...].prefix(Self.longestText)
                    if let value = parse(text) { return value }
                    start = place + 1
                }
                if bytes.count < Int(wanted) { break }
                offset += UInt64(Self.chunk)
            }
        }
        return nil
    }

    private static func find(_ mark: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var start = start
        while start + mark.count <= bytes.count {
            // memchr looks at no more than the bytes there are.
            let place: Int? = unsafe bytes.withUnsafeBytes { all in
                let found = unsafe memchr(all.baseAddress! + start, Int32(mark[0]), all.count - start)
                return unsafe found.map { unsafe UnsafeRawPointer($0) - all.baseAddress! }
            }
            guard let place else { return nil }
            if bytes[place...].starts(with: mark) { return place }
            start = place + 1
        }
        return nil
    }
}
