import Glibc
import HostFacts
import MailWatch
import Testing

struct HostTests {
    private func place(_ process: ProcessDescription) -> Placement {
        let late = Late<Placement> { Placement() }
        Host(users: UserNames(), workers: Workers()).place(process) { late.settle($0) }
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
        // The container has gone, so who named what is in it is not known.
        process.cgroupPath = Array("/lxc.payload.web1/system.slice/php8.2-fpm.service".utf8)
        var expected = Placement(unit: "lxc.payload.web1/php8.2-fpm.service", container: "web1")
        // The host's names are not those of its users.
        expected.hasOwnUsers = true
        #expect(place(process) == expected)
    }

    /// The root of the hierarchy says nothing: then systemd's own of version 1 does, where the host has it.
    @Test(arguments: ["", "/"], ["/cron.service", "/", nil])
    func processInTheRootGroupIsPlacedByTheLegacyOne(path: String, legacy: String?) {
        var process = ProcessDescription()
        process.pid = UInt32(getpid())
        process.uid = 0
        process.cgroupPath = Array(path.utf8)
        process.legacyCgroupPath = legacy.map { Array($0.utf8) }
        let placement = place(process)
        #expect(placement.userName == "root")
        #expect(placement.unit == (legacy == "/cron.service" ? "cron.service" : nil))
    }

    @Test func theGroupOfVersionTwoComesFirst() {
        var process = ProcessDescription()
        process.cgroupPath = Array("/exim4.service".utf8)
        process.legacyCgroupPath = Array("/cron.service".utf8)
        #expect(place(process).unit == "exim4.service")
    }

    /// The host's name for a number is another user's in a container.
    @Test(
        arguments: [
            ("/lxc.payload.web1", 0, true), ("/user.slice", 0, false),
            // The user namespace that owns the mounts of the exe: none known, the initial one, one made by a user.
            ("/x.service", 0xEFFF_FFFD, false), ("/user.slice", 4_026_532_311, true),
        ] as [(String, UInt32, Bool)])
    func userOfAContainerHasNoNameHere(cgroup: String, owner: UInt32, isContained: Bool) {
        var process = ProcessDescription()
        process.uid = 0
        process.effectiveUID = 0
        process.cgroupPath = Array(cgroup.utf8)
        process.exeMountOwner = owner
        let placement = place(process)
        #expect(placement.hasOwnUsers == isContained)
        #expect(placement.userName == (isContained ? nil : "root"))
        #expect(placement.effectiveUserName == (isContained ? nil : "root"))
    }
}
