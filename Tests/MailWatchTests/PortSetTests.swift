import MailWatch
import Testing

struct PortSetTests {
    @Test(
        arguments: [
            ("25", [25]), ("25,465", [25, 465]), ("587-589", [587, 588, 589]), ("1", [1]), ("65535", [65535]),
            ("65534-65535", [65534, 65535]), ("25-25", [25]), ("30,10-12,11", [10, 11, 12, 30]),
        ] as [(String, [UInt16])])
    func textIsRead(text: String, ports: [UInt16]) throws {
        let set = try #require(PortSet(text))
        #expect((UInt16.min...UInt16.max).filter(set.contains) == ports)
    }

    @Test(arguments: [
        "", "0", "65536", "99999999999999999999", "-1", "25-", "-25", "-", "30-20", "0-5", "1-65536", " 25", "25 ",
        "+25", "२५", "25,", ",25", "25,,465", "25-30-40", "25;465", "0x19", "2_5", "smtp", "ALL", "all-25", "2\u{301}5",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(PortSet(text) == nil)
    }

    @Test func portThatAControlFollowsIsRefused() {
        #expect(PortSet("25\n") == nil)
        #expect(PortSet("25\0") == nil)
    }

    @Test func allIsEveryPortThereIs() throws {
        let all = try #require(PortSet("all"))
        #expect(all == .all)
        #expect((UInt16(1)...UInt16.max).allSatisfy(all.contains))
        #expect(!all.contains(0))
        #expect(PortSet("25,all") == .all)
        #expect(PortSet("all,25") == .all)
        #expect(PortSet("1-65535")?.description == "all")
    }

    @Test(arguments: ["25", "25,465,587,2525", "1-3,5", "65535", "1,65534-65535", "2-65535", "63-64,127-128", "all"])
    func descriptionIsReadBack(text: String) throws {
        #expect(try #require(PortSet(text)).description == text)
    }

    @Test func mailIsWhereMailGoes() {
        #expect(PortSet.mail.description == "25,465,587,2525")
    }

    @Test func unionHasThePortsOfBoth() throws {
        var set = try #require(PortSet("25"))
        set.formUnion(try #require(PortSet("24-26,65535")))
        #expect(set.description == "24-26,65535")
    }

    /// The kernel side looks for port p in bit p % 64 of word p / 64.
    @Test func wordsHaveABitAPort() throws {
        let set = try #require(PortSet("64,127,65535"))
        #expect(set.words.count == 1024)
        #expect(set.words[1] == (1 << 63 | 1) as UInt64)
        #expect(set.words[1023] == 1 << 63)
    }
}
