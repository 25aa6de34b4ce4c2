import Foundation

/// A JSON value, as mailsnoop or Tests/mail/sink.py wrote it.
struct JSON {
    private let value: Any?

    init(_ value: Any?) { self.value = value is NSNull ? nil : value }

    init(line: some Sequence<UInt8>) throws {
        self.init(try JSONSerialization.jsonObject(with: Data(line)))
    }

    subscript(_ names: String...) -> JSON {
        JSON(names.reduce(value) { ($0 as? [String: Any])?[$1] })
    }

    var isAbsent: Bool { value == nil }
    var names: [String] { (value as? [String: Any])?.keys.sorted() ?? [] }
    var elements: [JSON] { (value as? [Any])?.map(JSON.init) ?? [] }
    var string: String { value as? String ?? "" }
    var number: Int? { value as? Int }

    /// The same for equal values.
    var text: String {
        guard let value else { return "null" }
        let data = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}

/// A file to which a program appends a line of JSON now and then.
final class JSONFile {
    private let file: FileHandle
    private let isWanted: (JSON) -> Bool
    private var rest: [UInt8] = []
    private(set) var lines: [JSON] = []

    /// - Parameter isWanted: which lines are kept.
    init(_ path: String, where isWanted: @escaping (JSON) -> Bool = { _ in true }) throws {
        file = try FileHandle(forReadingFrom: URL(filePath: path))
        self.isWanted = isWanted
    }

    /// Waits until there are `count` lines, so many seconds at most, and returns all that there are.
    @discardableResult
    func lines(_ count: Int, seconds: Double = 20) throws -> [JSON] {
        try wait(seconds: seconds) {
            try self.read()
            return self.lines.count >= count
        }
        return lines
    }

    private func read() throws {
        rest += try file.readToEnd() ?? Data()
        let whole = rest.lastIndex(of: UInt8(ascii: "\n")) ?? 0
        lines += try rest[..<whole].split(separator: UInt8(ascii: "\n")).map { try JSON(line: $0) }.filter(isWanted)
        rest.removeFirst(whole)
    }
}

/// Asks until the answer is yes, so many seconds at most.
func wait(seconds: Double = 20, until isDone: () throws -> Bool) rethrows {
    let deadline = Date.now + seconds
    while try !isDone(), Date.now < deadline { usleep(20_000) }
}
