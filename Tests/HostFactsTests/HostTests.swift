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

    /// The root of the hierarchy says nothing: then systemd's own of version 1 does, where the host has it.
    @Test(arguments: ["", "/"], ["/system.slice/cron.service", "/", nil])
    func processInTheRootGroupIsPlacedByTheLegacyOne(path: String, legacy: String?) {
        var process = ProcessDescription()
        process.pid = UInt32(getpid())
        process.uid = 0
        process.cgroupPath = Array(path.utf8)
        process.legacyCgroupPath = legacy.map { Array($0.utf8) }
        let placement = Host().place(process)
        #expect(placement.userName == "root")
        #expect(placement.unit == (legacy == "/system.slice/cron.service" ? "cron.service" : nil))
    }

    @Test func theGroupOfVersionTwoComesFirst() {
        var process = ProcessDescription()
        process.cgroupPath = Array("/system.slice/exim4.service".utf8)
        process.legacyCgroupPath = Array("/system.slice/cron.service".utf8)
        #expect(Host().place(process).unit == "exim4.service")
    }
}
