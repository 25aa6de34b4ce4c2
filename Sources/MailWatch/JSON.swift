internal import FoundationEssentials

/// A value of a JSON text. What is not there is null, and null has no text, number or members.
package enum JSON: Decodable, Sendable {
    case null
    case flag(Bool)
    case number(UInt64)
    case string(String)
    case list([JSON])
    case object([String: JSON])

    /// Levels of lists and objects that are read.
    package static let depthLimit = 32
    /// Values that are read. The decoder takes microseconds for each.
    private static let valueLimit = 10_000

    /// Nil where it is none, or is not bounded.
    package init?(text: [UInt8]) {
        guard Self.isBounded(text), let value = try? JSONDecoder().decode(JSON.self, from: Data(text)) else {
            return nil
        }
        self = value
    }

    /// Whether a text that may be JSON nests no deeper and has no more values than are read.
    package static func isBounded(_ text: [UInt8]) -> Bool {
        var depth = 0
        var values = 1
        var isText = false
        var isEscaped = false
        for byte in text {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            // UTF-16, which the decoder would read too, and in which a quote may be half of a character.
            case 0: return false
            case UInt8(ascii: "\\"): isEscaped = isText
            case UInt8(ascii: "\""): isText.toggle()
            case _ where isText: break
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                values += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ","): values += 1
            default: break
            }
            guard depth <= depthLimit, values <= valueLimit else { return false }
        }
        return true
    }

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        // The most frequent first: a wrong guess costs most.
        if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let members = try? value.decode([String: JSON].self) {
            self = .object(members)
        } else if let number = try? value.decode(UInt64.self) {
            self = .number(number)
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let list = try? value.decode([JSON].self) {
            self = .list(list)
        } else {
            self = .null
        }
    }

    package subscript(names: String...) -> JSON {
        names.reduce(self) {
            if case .object(let members) = $0 { members[$1] ?? .null } else { .null }
        }
    }

    package var isNull: Bool { if case .null = self { true } else { false } }
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var text: String { string ?? "" }
    package var number: UInt64? { if case .number(let number) = self { number } else { nil } }
    package var flag: Bool { if case .flag(let flag) = self { flag } else { false } }
    package var list: [JSON] { if case .list(let list) = self { list } else { [] } }
    package var bytes: [UInt8] { Array(text.utf8) }

    /// The exact bytes of a text: those of its companion where it has one.
    package func bytes(_ names: String...) -> [UInt8] {
        let parent = names.dropLast().reduce(self) { $0[$1] }
        let name = names.last ?? ""
        if let exact = parent["\(name)_base64"].string, let data = Data(base64Encoded: exact) { return Array(data) }
        return parent[name].bytes
    }

    package func bytesList(_ name: String) -> [[UInt8]] {
        let exact = self["\(name)_base64"].list.compactMap { Data(base64Encoded: $0.text).map { Array($0) } }
        return exact.isEmpty ? self[name].list.map(\.bytes) : exact
    }
}
