import MailWatch
import Testing

@testable import HostFacts

struct HostNamesTests {
    private let addresses: Set<IPAddress> = [
        IPAddress("192.0.2.7")!, IPAddress("2001:db8::7")!, IPAddress("127.0.0.1")!,
    ]

    @Test func hostsOfOwnAddressesAreNames() {
        let text = """
            127.0.0.1 localhost everybody.example
            127.0.1.1\tvm.example.net vm # Debian
            192.0.2.7  www.example.net
            # 192.0.2.7 comment.example
            2001:db8::7 six.example.net
            192.0.2.8 other.example.net
            nonsense
            """
        #expect(
            HostNames.hosts(Array(text.utf8), of: addresses)
                == ["vm.example.net", "vm", "www.example.net", "six.example.net"])
    }

    @Test(arguments: [
        ("VM.Example.Net.", "vm.example.net"), ("vm", "vm"), ("", nil), (".", nil), ("localhost", nil),
        ("LOCALHOST.localdomain", nil),
    ])
    func namesAreCompared(name: String, normal: String?) {
        #expect(HostNames.normal(name) == normal)
    }

    @Test func thisHostIsKnownToItself() {
        let identity = HostIdentity.current
        #expect(identity.addresses.contains(IPAddress("127.0.0.1")!))
        #expect(HostNames.normal(Host.name).map(identity.names.contains) ?? true)
    }

    @Test func settingsOfPostfixAreRead() {
        let text = """
            # mail_owner = nobody
            mail_owner = mailer
            myhostname=mx.example.net
            smtp_helo_name = $myhostname
            mynetworks = 127.0.0.0/8,
              # in between
              [::1]/128

            relayhost =
            no setting
            mail_owner_x = y
            """
        let settings = PostfixSettings(text: Array(text.utf8))
        #expect(settings["mail_owner"] == "mailer")
        #expect(settings["myhostname"] == "mx.example.net")
        #expect(settings["smtp_helo_name"] == nil)
        #expect(settings["mynetworks"] == "127.0.0.0/8, [::1]/128")
        #expect(settings["relayhost"] == nil)
        #expect(settings["no setting"] == nil)
        #expect(PostfixSettings(text: [])["mail_owner"] == nil)
    }
}
