import Glibc
import HostFacts
import MailWatch
import Testing

struct HostTests {
    @Test func hostHasAName() {
        #expect(!Host.name.isEmpty)
        #expect(!Host.name.contains("\0"))
    }

    @Test func processIsPlacedByItsUsersAndItsControlGroup() {
        var process = ProcessDescription()
        process.uid = 3_999_999_979
        process.effectiveUID = 0
        // The container has gone, so who named what is in it is not known.
        process.cgroupPath = Array("/lxc.payload.web1/system.slice/php8.2-fpm.service".utf8)
        let expected = Placement(
            userName: nil, effectiveUserName: "root", unit: "lxc.payload.web1/php8.2-fpm.service", container: "web1")
        #expect(Host().place(process) == expected)
    }

    /// The root of the hierarchy says nothing; then the process is asked, as long as there is one.
    @Test(arguments: [UInt32(getpid()), 0, .max])
    func processInTheRootGroupIsAskedItself(pid: UInt32) {
        var process = ProcessDescription()
        process.pid = pid
        process.uid = 0
        process.cgroupPath = [UInt8(ascii: "/")]
        #expect(Host().place(process).userName == "root")
    }
}
