import Foundation
import MailWatch
import Reports
import Testing

/// A JSON object, by the dotted names of ECS.
struct Document {
    private let object: [String: Any]

    init(_ line: [UInt8]) throws {
        #expect(line.last == 0x0A)
        #expect(try controls(in: Array(line.dropLast())).isEmpty)
        object = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    init(_ connection: Connection) throws {
        var report = JSONReport(host: "mx1.example.net")
        var line: [UInt8] = []
        report.append(connection, clock: clock, to: &line)
        try self.init(line)
    }

    subscript(name: String) -> Any? {
        name.split(separator: ".").reduce(object as Any?) { ($0 as? [String: Any])?[String($1)] }
    }

    func text(_ name: String) -> String? { self[name] as? String }
    func number(_ name: String) -> Int? { self[name] as? Int }
}
