import Foundation
import MailWatch
import Testing

@testable import Configuration

struct ConfigurationTests {
    private func read(_ text: String) throws(ConfigurationError) -> Configuration {
        try Configuration(text: text, path: "/etc/mailsnoop.toml")
    }

    private func problem(of text: String) -> String? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func emptyFileChangesNothing() throws {
        #expect(try read("") == Configuration())
        #expect(try read("# nothing\n").policy == Policy())
    }

    @Test func everyKeyIsRead() throws {
        let configuration = try read(
            """
            ports = [25, "1000-1002"]
            submission_ports = [587]
            delivery_ports = [25, 26]
            fan_out_limit = 97
            temporary_folders = ["/tmp", "/srv/tmp/"]
            upload_folders = ["uploads"]
            host_names = ["MX.Example.Net."]

            [[trusted]]
            exe = "/usr/local/bin/monitor*"
            user = "root"

            [[trusted]]
            script = "/srv/shop/cron.php"
            unit = "shop.service"
            container = "web*"
            destinations = ["192.0.2.0/24", "2001:db8::25"]
            """)
        #expect(configuration.ports == PortSet("25,1000-1002"))
        var policy = Policy()
        policy.submissionPorts = PortSet([587])
        policy.deliveryPorts = PortSet([25, 26])
        policy.fanOutLimit = 97
        policy.temporaryFolders = ["/tmp", "/srv/tmp"]
        policy.uploadFolders = ["uploads"]
        policy.hostNames = ["mx.example.net"]
        var monitor = Policy.Trust()
        monitor.exe = "/usr/local/bin/monitor*"
        monitor.uid = 0
        var shop = Policy.Trust()
        shop.script = "/srv/shop/cron.php"
        shop.unit = "shop.service"
        shop.container = "web*"
        shop.destinations = [Network("192.0.2.0/24"), Network("2001:db8::25")].compactMap { $0 }
        policy.trusted = [monitor, shop]
        #expect(configuration.policy == policy)
    }

    @Test(arguments: [
        ("\nport = 25", "line 2: there is no key 'port'. There are: ports, submission_ports"),
        ("ports = 25", "line 1: ports has to be a list of ports, as [25, \"1000-2000\"]."),
        ("ports = [0]", "line 1: ports has to be"), ("ports = [65536]", "line 1: ports has to be"),
        ("ports = [-1]", "line 1: ports has to be"), ("ports = [25.0]", "line 1: ports has to be"),
        ("delivery_ports = [\"smtp\"]", "line 1: delivery_ports has to be"),
        ("fan_out_limit = \"10\"", "line 1: fan_out_limit has to be a number from 1 to 1000000."),
        ("fan_out_limit = 0", "line 1: fan_out_limit has to be"),
        ("temporary_folders = [\"tmp\"]", "temporary_folders has to be a list, each of it the absolute path"),
        ("upload_folders = [\"a/b\"]", "upload_folders has to be"), ("host_names = \"a\"", "host_names has to be"),
        ("[trusted]\nexe = \"/x\"", "trusted has to be written as [[trusted]]."),
        ("[[trusted]]", "[[trusted]] no. 1: needs at least one of exe, user,"),
        ("[[trusted]]\nexe = \"/x\"\n[[trusted]]\nuid = 0", "line 4: [[trusted]] no. 2: there is no key 'uid'."),
        ("[[trusted]]\nuser = \"no-such-user-here\"", "line 2: [[trusted]] no. 1: user has to be a name of getent"),
        ("[[trusted]]\nuser = 0", "line 2: [[trusted]] no. 1: user has to be a text in quotes."),
        ("[[trusted]]\nexe = \"\"", "exe has to be a text in quotes."),
        ("[[trusted]]\ndestinations = [\"192.0.2.0/33\"]", "destinations has to be a list, each of it an address"),
    ])
    func whatIsWrongIsNamed(text: String, words: String) throws {
        let refusal = try #require(problem(of: text))
        #expect(refusal.hasPrefix("/etc/mailsnoop.toml"))
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test func errorOfSyntaxHasItsLine() throws {
        #expect(try #require(problem(of: "ports = [25]\n\nports = \n")).hasPrefix("/etc/mailsnoop.toml, line 3: "))
    }

    /// Two lines look like the one that sets it.
    @Test func lineThatIsNotSureIsNotSaid() throws {
        let refusal = try #require(
            problem(of: "[[trusted]]\nuser = \"root\"\n[[trusted]]\nuser = \"no-such-user-here\"\n"))
        #expect(refusal.hasPrefix("/etc/mailsnoop.toml: [[trusted]] no. 2: "))
    }

    @Test func messageIsEscaped() throws {
        #expect(try #require(problem(of: "\"\\u001B]0;x\" = 1")).contains(#"\x1b]0;x"#))
    }

    @Test func fileIsReadIfItIsThere() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID()).toml").path
        #expect(try Configuration(path: path) == nil)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("ports = [26]".utf8).write(to: URL(filePath: path))
        #expect(try Configuration(path: path)?.ports == PortSet([26]))
        try Data([0xFF]).write(to: URL(filePath: path))
        #expect(throws: ConfigurationError.self) { try Configuration(path: path) }
        #expect(throws: ConfigurationError.self) { try Configuration(path: "/etc") }
        try Data(repeating: 0x0A, count: 1 << 20 + 1).write(to: URL(filePath: path))
        #expect(throws: ConfigurationError.self) { try Configuration(path: path) }
    }

    @Test(
        arguments: [
            (#"exe = "/x""#, "[[trusted]] no. 1 (exe /x) names no user: any user can make it run other code"),
            (#"script = "/srv/*""#, "(script /srv/*) names no user"),
            ("exe = \"/x\"\ndestinations = [\"192.0.2.1\"]", "names no user"),
            ("exe = \"/x\"\nunit = \"a.service\"", "any user within its unit or container can"),
            ("exe = \"/x\"\nuser = \"www-data\"", "trusts user www-data"),
            ("script = \"/x\"\nuser = \"65534\"", "trusts user nobody"),
            ("exe = \"/x\"\nuser = \"root\"", nil), (#"user = "www-data""#, nil), (#"unit = "a.service""#, nil),
            (#"destinations = ["192.0.2.1"]"#, nil),
        ] as [(String, String?)])
    func trustThatAnAttackerMayMeetIsWarnedOf(entry: String, words: String?) throws {
        let warnings = try read("[[trusted]]\n" + entry).warnings
        #expect(warnings.count == (words == nil ? 0 : 1))
        if let words { #expect(try #require(warnings.first).contains(words)) }
    }
}
