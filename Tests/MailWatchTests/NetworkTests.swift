import MailWatch
import Testing

struct NetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false),
        ("192.0.2.77/24", "192.0.2.1", true), ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
        ("192.0.2.6/31", "192.0.2.7", true), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8:1:2::/64", "2001:db8:1:2:ffff::", true), ("2001:db8:1:2::/65", "2001:db8:1:2:8000::", false),
        ("2001:db8:1:2::/65", "2001:db8:1:2:7fff::", true), ("2001:db8::7", "2001:db8::7", true),
        ("2001:db8::7", "2001:db8::6", false), ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.7", false),
        ("::ffff:192.0.2.0/24", "192.0.2.9", true),
    ])
    func networkHasItsAddresses(network: String, address: String, isWithin: Bool) throws {
        let network = try #require(Network(network))
        #expect(network.contains(try #require(IPAddress(address))) == isWithin)
    }

    @Test(arguments: [
        "", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+1", "192.0.2.0/24/8", "192.0.2/24",
        "2001:db8::/129", "192.0.2.0/ 24", "192.0.2.0/255.255.255.0", "192.0.2.0/99999999999999999999", "localhost",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(Network(text) == nil)
    }
}
