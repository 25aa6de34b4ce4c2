internal import MailWatch
internal import TOMLKit

/// Takes values of a TOML table, each of the type that it has to be.
struct TableReader {
    private let table: TOMLTable
    private let file: String
    private let text: String
    /// The keys that there may be.
    private let known: [String]
    /// Where the table stands: `trusted, the 2nd`; empty for the whole file.
    private let place: String

    init(_ table: TOMLTable, file: String, text: String, known: [String], place: String = "") {
        self.table = table
        self.file = file
        self.text = text
        self.known = known
        self.place = place
    }

    func refuseUnknown() throws(ConfigurationError) {
        for key in table.keys where !known.contains(key) {
            throw ConfigurationError(
                file: file, line: line(of: key),
                problem: "\(place)there is no key '\(key)'. There are: \(known.joined(separator: ", ")).")
        }
    }

    func string(_ key: String) throws(ConfigurationError) -> String? {
        guard let value = table[key] else { return nil }
        guard let string = value.string, !string.isEmpty else { throw error(key, "a text in quotes") }
        return string
    }

    func number(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let value = table[key] else { return nil }
        guard let number = value.int, range.contains(number) else {
            throw error(key, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A list of texts, each of which `read` takes.
    func strings<Element>(
        _ key: String, _ what: String, _ read: (String) -> Element?
    ) throws(ConfigurationError) -> [Element]? {
        try list(key, "a list, each of it \(what), in quotes") { $0.string.flatMap(read) }
    }

    func folders(_ key: String) throws(ConfigurationError) -> [String]? {
        try strings(key, "the absolute path of a folder") { path in
            guard path.hasPrefix("/") else { return nil }
            return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        }
    }

    /// `[25, "1000-2000"]`
    func ports(_ key: String) throws(ConfigurationError) -> PortSet? {
        let what = "a list of ports, as [25, \"1000-2000\"]"
        let sets: [PortSet]? = try list(key, what) { value in
            if let number = value.int { return UInt16(exactly: number).flatMap { $0 == 0 ? nil : PortSet([$0]) } }
            return value.string.flatMap { PortSet($0) }
        }
        guard let sets else { return nil }
        var all = PortSet([])
        for set in sets { all.formUnion(set) }
        return all
    }

    /// `[[key]]`, each with no other keys than these.
    func tables(_ key: String, known: [String]) throws(ConfigurationError) -> [TableReader] {
        let tables: [TOMLTable] = try list(key, "written as [[\(key)]]") { $0.table } ?? []
        var readers: [TableReader] = []
        for (index, table) in tables.enumerated() {
            let reader = TableReader(
                table, file: file, text: text, known: known, place: "[[\(key)]] no. \(index + 1): ")
            try reader.refuseUnknown()
            readers.append(reader)
        }
        return readers
    }

    /// - Parameter key: nil for the table as a whole.
    func error(_ key: String?, _ expected: String) -> ConfigurationError {
        let subject = key.map { "\($0) has to be" } ?? "needs"
        return ConfigurationError(
            file: file, line: key.flatMap(line), problem: "\(place)\(subject) \(expected).")
    }

    private func list<Element>(
        _ key: String, _ what: String, _ read: (any TOMLValueConvertible) -> Element?
    ) throws(ConfigurationError) -> [Element]? {
        guard let value = table[key] else { return nil }
        guard let array = value.array else { throw error(key, what) }
        var elements: [Element] = []
        for index in 0..<array.count {
            guard let element = read(array[index]) else { throw error(key, what) }
            elements.append(element)
        }
        return elements
    }

    /// The line that sets the key, if one alone looks like that: TOMLKit does not tell where a value stands.
    private func line(of key: String) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let found = lines.indices.filter { index in
            let words = lines[index].drop { $0 == " " || $0 == "\t" }
            guard words.hasPrefix(key) else { return false }
            return words.dropFirst(key.count).first { $0 != " " && $0 != "\t" } == "="
        }
        return found.count == 1 ? found[0] + 1 : nil
    }
}
