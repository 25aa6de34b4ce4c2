import MailWatch
import Testing

struct IPAddressTests {
    @Test(arguments: [
        "0.0.0.0", "192.0.2.25", "255.255.255.255", "::", "::1", "2001:db8::1", "2001:db8:0:1::", "fe80::1",
        "2001:db8:1:2:3:4:5:6", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ])
    func textIsReadAndWrittenAlike(text: String) throws {
        #expect(try #require(IPAddress(text)).description == text)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", " 1.2.3.4", "1.2.3.4 ", ":::", "1::2::3", "fe80::1%eth0",
        "12345::", "[::1]", "localhost",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func mappedAddressIsTheIPv4Address() throws {
        let mapped = try #require(IPAddress("::ffff:192.0.2.25"))
        #expect(mapped == IPAddress(ipv4: 0xC000_0219))
        #expect(mapped.isIPv4)
        #expect(mapped.description == "192.0.2.25")
    }

    @Test func compatibleAddressIsIPv6() throws {
        let address = try #require(IPAddress("::192.0.2.25"))
        #expect(!address.isIPv4)
        #expect(address != IPAddress(ipv4: 0xC000_0219))
    }

    @Test(arguments: [("0.0.0.0", true), ("::", true), ("0.0.0.1", false), ("::1", false), ("1::", false)])
    func unspecifiedIsKnown(text: String, isUnspecified: Bool) {
        #expect(IPAddress(text)?.isUnspecified == isUnspecified)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.255.255", true), ("::ffff:127.0.0.1", true), ("::1", true), ("128.0.0.1", false),
        ("126.255.255.255", false), ("0.0.0.0", false), ("::", false), ("::2", false), ("1::1", false),
        ("::127.0.0.1", false),
    ])
    func loopbackIsKnown(text: String, isLoopback: Bool) {
        #expect(IPAddress(text)?.isLoopback == isLoopback)
    }

    @Test func endpointHasItsPort() throws {
        #expect(Endpoint(address: IPAddress(ipv4: 0xC000_0219), port: 0).description == "192.0.2.25:0")
        let six = try #require(IPAddress("2001:db8::19"))
        #expect(Endpoint(address: six, port: 65535).description == "[2001:db8::19]:65535")
    }
}
