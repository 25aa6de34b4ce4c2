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
        process.cgroupPath = Array("/lxc.payload.web1/system.slice/php8.2-fpm.service".utf8)
        var expected = Placement(unit: "php8.2-fpm.service", container: "web1")
        expected.hasOwnUsers = true
        #expect(Host().place(process) == expected)
        process.cgroupPath = Array("/system.slice/php8.2-fpm.service".utf8)
        expected = Placement(userName: nil, effectiveUserName: "root", unit: "php8.2-fpm.service")
        #expect(Host().place(process) == expected)
    }

    /// The host's name for a number is another user's in a container.
    @Test(
        arguments: [
            ("/docker/\(String(repeating: "0a", count: 32))", 0, true), ("/lxc/web1", 0, true),
            ("/machine.slice/machine-web1.scope", 0, true), ("/user.slice", 0, false),
            // The user namespace that owns the mounts of the exe: none known, the initial one, one made by a user.
            ("/system.slice/x.service", 0xEFFF_FFFD, false), ("/user.slice", 4_026_532_311, true),
        ] as [(String, UInt32, Bool)])
    func userOfAContainerHasNoNameHere(cgroup: String, owner: UInt32, isContained: Bool) {
        var process = ProcessDescription()
        process.uid = 0
        process.effectiveUID = 0
        process.cgroupPath = Array(cgroup.utf8)
        process.exeMountOwner = owner
        let placement = Host().place(process)
        #expect(placement.hasOwnUsers == isContained)
        #expect(placement.userName == (isContained ? nil : "root"))
        #expect(placement.effectiveUserName == (isContained ? nil : "root"))
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
