import Glibc
import HostFacts
import MailWatch
import Testing

struct HostTests {
    private func place(_ process: ProcessDescription) -> Placement {
        let late = Late<Placement> { Placement() }
        Host().place(process) { late.settle($0) }
        while !late.isSettled { usleep(100) }
        return late.value
    }

    @Test func hostHasAName() {
        #expect(!Host.name.isEmpty)
        #expect(!Host.name.contains("\0"))
    }

    @Test func processIsPlacedByItsUsersAndItsControlGroup() {
        var process = ProcessDescription()
        process.uid = 3_999_999_979
        process.effectiveUID = 0
        process.cgroupPath = Array("/lxc.payload.web1/system.slice/php8.2-fpm.service".utf8)
        let expected = Placement(
            userName: nil, effectiveUserName: "root", unit: "php8.2-fpm.service", container: "web1")
        #expect(place(process) == expected)
    }

    /// The root of the hierarchy says nothing; then the process is asked, as long as there is one.
    @Test(arguments: [UInt32(getpid()), 0, .max])
    func processInTheRootGroupIsAskedItself(pid: UInt32) {
        var process = ProcessDescription()
        process.pid = pid
        process.uid = 0
        process.cgroupPath = [UInt8(ascii: "/")]
        #expect(place(process).userName == "root")
    }
}
