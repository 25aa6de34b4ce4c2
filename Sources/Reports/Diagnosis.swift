internal import MailWatch

/// What `mailsnoop doctor` found.
public struct Diagnosis: Sendable {
    public enum Status: String, Sendable {
        case ok
        /// Not used, and nothing is missed by that.
        case unused
        /// Something that is shown elsewhere is missing here.
        case degraded
        /// Nothing can be traced.
        case unusable
    }

    public struct Check: Sendable {
        public let name: String
        public let status: Status
        public let detail: String

        public init(_ name: String, _ status: Status, _ detail: String) {
            self.name = name
            self.status = status
            self.detail = detail
        }
    }

    public var checks: [Check]

    public init(checks: [Check]) { self.checks = checks }

    /// The worst of the checks.
    public var status: Status {
        for status in [Status.unusable, .degraded] where checks.contains(where: { $0.status == status }) {
            return status
        }
        return .ok
    }

    /// 0 usable, 1 degraded, 2 unusable.
    public var exitStatus: Int32 {
        switch status {
        case .ok, .unused: 0
        case .degraded: 1
        case .unusable: 2
        }
    }

    public var table: [UInt8] {
        var text: [UInt8] = []
        let width = checks.map(\.name.utf8.count).max() ?? 0
        for check in checks {
            let line = check.name + String(repeating: " ", count: width - check.name.utf8.count + 2)
            text.append(
                line + check.status.rawValue + String(repeating: " ", count: 10 - check.status.rawValue.utf8.count))
            Escaping.append(check.detail, to: &text, for: .text)
            text.append(UInt8(ascii: "\n"))
        }
        switch status {
        case .ok, .unused: text.append("mailsnoop can trace here.\n" as StaticString)
        case .degraded: text.append("mailsnoop can trace here, with what is said above missing.\n" as StaticString)
        case .unusable: text.append("mailsnoop cannot trace here.\n" as StaticString)
        }
        return text
    }

    public var json: [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.text("status", status == .unused ? Status.ok.rawValue : status.rawValue)
            $0.number("exit_status", UInt32(exitStatus))
            $0.objects("checks", checks) { check, json in
                json.text("name", check.name)
                json.text("status", check.status.rawValue)
                json.text("detail", check.detail)
            }
        }
        return json.text + [UInt8(ascii: "\n")]
    }
}
