import HostFacts
import Testing

struct UserNamesTests {
    @Test func rootIsZero() {
        let users = UserNames()
        #expect(users.name(0) == "root")
        // From memory.
        #expect(users.name(0) == "root")
        #expect(UserNames.uid("root") == 0)
    }

    @Test func userWithoutANameHasNone() {
        let users = UserNames()
        #expect(users.name(3_999_999_979) == nil)
        #expect(users.name(3_999_999_979) == nil)
    }

    @Test(arguments: [("0", 0), ("33", 33), ("4294967294", 4_294_967_294)] as [(String, UInt32)])
    func numberIsItself(text: String, uid: UInt32) {
        #expect(UserNames.uid(text) == uid)
    }

    @Test(arguments: ["", " ", "-1", "4294967296", "no such user", "0x0", "root ", "ROOT"])
    func nobodyIsCalledThat(name: String) {
        #expect(UserNames.uid(name) == nil)
    }
}
