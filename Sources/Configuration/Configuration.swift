internal import Glibc
internal import HostFacts
public import MailWatch
internal import TOMLKit

/// What the administrator has written down (`--config`): TOML 1.0.
public struct Configuration: Sendable, Equatable {
    /// Read where no other file is given, if it exists.
    public static let standardPath = "/etc/mailsnoop.toml"

    /// What to watch; nil where it does not say.
    public var ports: PortSet?
    public var policy = Policy()

    /// As it is without a file.
    public init() {}

    /// Reads a file; nil where there is none. One that others than root and the caller can change is refused.
    public init?(path: String) throws(ConfigurationError) {
        if let problem = FileTrust.problem(path) { throw ConfigurationError(file: path, problem: problem) }
        guard let bytes = readFile(path, limit: Self.limit + 1) else {
            if errno == ENOENT { return nil }
            // strerror's text stays until this thread's next call.
            throw ConfigurationError(file: path, problem: unsafe "cannot be read: \(String(cString: strerror(errno)))")
        }
        guard bytes.count <= Self.limit else {
            throw ConfigurationError(file: path, problem: "is larger than \(Self.limit >> 20) MiB")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(file: path, problem: "is no UTF-8")
        }
        try self.init(text: text, path: path)
    }

    /// - Parameter path: of the file that the text is from, for errors.
    init(text: String, path: String) throws(ConfigurationError) {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(file: path, line: error.source.begin.line, problem: error.description)
        } catch {
            throw ConfigurationError(file: path, problem: "\(error)")
        }
        let reader = TableReader(table, file: path, text: text, known: Self.keys)
        try reader.refuseUnknown()
        ports = try reader.ports("ports")
        policy.submissionPorts = try reader.ports("submission_ports") ?? policy.submissionPorts
        policy.deliveryPorts = try reader.ports("delivery_ports") ?? policy.deliveryPorts
        policy.fanOutLimit = try reader.number("fan_out_limit", in: 1...1_000_000) ?? policy.fanOutLimit
        policy.temporaryFolders = try reader.folders("temporary_folders") ?? policy.temporaryFolders
        policy.uploadFolders =
            try reader.strings("upload_folders", "the name of a folder, without a slash") {
                $0.isEmpty || $0.contains("/") ? nil : $0
            } ?? policy.uploadFolders
        policy.hostNames = Set(
            try reader.strings("host_names", "a name") { $0.isEmpty ? nil : Self.hostName($0) } ?? [])
        policy.trusted = try reader.tables("trusted", known: Self.trustKeys).map(Self.trust)
    }

    /// Entries of [[trusted]] that an attacker may meet, each as a sentence. A user who can run a program can also have it
    /// run other code, by a debugger for one.
    public var warnings: [String] {
        policy.trusted.enumerated().compactMap { index, trust in
            let subject = [trust.exe.map { "exe \($0)" }, trust.script.map { "script \($0)" }].compactMap { $0 }
            guard !subject.isEmpty else { return nil }
            let entry = "[[trusted]] no. \(index + 1) (\(subject.joined(separator: ", ")))"
            guard let uid = trust.uid else {
                let place = trust.unit == nil && trust.container == nil ? "" : " within its unit or container"
                return Escaping.text(
                    "\(entry) names no user: any user\(place) can make it run other code; add user = \"NAME\"")
            }
            guard let name = UserNames().name(uid), Self.exposedUsers.contains(name) else { return nil }
            return Escaping.text(
                "\(entry) trusts user \(name), who runs what visitors send; give the sender a user of its own")
        }
    }

    /// Users of web servers and the one of programs without a user of their own, as distributions name them.
    private static let exposedUsers: Set<String> = [
        "www-data", "apache", "httpd", "nginx", "http", "www", "wwwrun", "nobody", "lighttpd", "caddy", "litespeed",
    ]

    private static let limit = 1 << 20
    private static let keys = [
        "ports", "submission_ports", "delivery_ports", "fan_out_limit", "temporary_folders", "upload_folders",
        "host_names", "trusted",
    ]
    private static let trustKeys = ["exe", "user", "script", "unit", "container", "destinations"]

    private static func trust(_ reader: TableReader) throws(ConfigurationError) -> Policy.Trust {
        var trust = Policy.Trust()
        trust.exe = try reader.string("exe")
        trust.script = try reader.string("script")
        trust.unit = try reader.string("unit")
        trust.container = try reader.string("container")
        if let user = try reader.string("user") {
            guard let uid = UserNames.uid(user) else {
                throw reader.error("user", "a name of getent passwd, or a number in quotes")
            }
            trust.uid = uid
        }
        trust.destinations =
            try reader.strings("destinations", "an address, or a network as 192.0.2.0/24") { Network($0) } ?? []
        guard trust != Policy.Trust() else {
            throw reader.error(nil, "at least one of \(trustKeys.joined(separator: ", "))")
        }
        return trust
    }

    /// As names are compared.
    private static func hostName(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
