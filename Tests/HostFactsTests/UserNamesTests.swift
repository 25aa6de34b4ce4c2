import Dispatch
import Foundation
import Synchronization
import Testing

@testable import HostFacts

struct UserNamesTests {
    @Test func rootIsZero() {
        let users = UserNames()
        #expect(users.name(0) == "root")
        // From memory.
        #expect(users.name(0) == "root")
        #expect(UserNames.uid("root") == 0)
    }

    private func path(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "passwd-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    /// A directory service that does not answer is no matter for users of this host, and of others it is not waited for.
    @Test func aServiceThatHangsHoldsNobodyUp() throws {
        let gate = DispatchSemaphore(value: 0)
        let file = try path("root:x:0:0:::\nweb:x:33:33:::\n")
        defer { try? FileManager.default.removeItem(atPath: file) }
        let users = UserNames(path: file) { uid in
            gate.wait()
            return "user\(uid)"
        }
        let answers = Answers()
        for uid in 1000..<1013 as Range<UInt32> { users.find(uid) { answers.add(uid, $0) } }
        #expect(answers.all.isEmpty)
        #expect(users.name(33) == "web")
        // Given up after a second.
        #expect(users.name(1000) == nil)
        for _ in 0..<26 { gate.signal() }
        while users.name(1012) != "user1012" { gate.signal() }
        while answers.all.count < 13 {}
    }

    private final class Answers: Sendable {
        private let found = Mutex<[UInt32: String?]>([:])
        func add(_ uid: UInt32, _ name: String?) { found.withLock { $0[uid] = .some(name) } }
        var all: [UInt32: String?] { found.withLock { $0 } }
    }

    @Test func newUsersAreSeen() throws {
        let file = try path("root:x:0:0:::\n")
        defer { try? FileManager.default.removeItem(atPath: file) }
        let users = UserNames(path: file) { _ in nil }
        #expect(users.name(1000) == nil)
        try Data("root:x:0:0:::\nnew:x:1000:0:::\nother:x:1001:1:::\n".utf8).write(to: URL(filePath: file))
        #expect(users.name(1001) == "other")
        #expect(users.name(1000) == "new")
    }

    @Test func linesThatAreNoUsersAreLeftOut() {
        let text =
            "+::0:0:::\n#a:x:1:\n-b:x:2:2::\n\n::\nc:x:3\nd:x:-4:4:\ne:x:"
            + "5:5:::\nf:x:5:5:::\n:x:7:7:::\ng:x:99999999999:1::\n"
        #expect(UserNames.users(Array(text.utf8)) == [5: "e"])
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
