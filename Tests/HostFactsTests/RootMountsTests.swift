import Foundation
import MailWatch
import TestSupport
import Testing

@testable import HostFacts

struct RootMountsTests {
    @Test(
        arguments: [
            ("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:5 / /proc rw - proc proc rw\n", "8:1 /"),
            ("22 1 0:40 /rootfs / rw - overlay o rw\n", "0:40 /rootfs"),
            // What was mounted there later is what is seen.
            ("22 1 8:1 / / rw - x x x\n23 22 0:7 /a / rw - x x x\n24 1 8:1 / /tmp rw - x x x\n", "0:7 /a"),
            ("22 1 8:1 / /srv rw - x x x\n", nil), ("22 1 8:1 / / rw", nil), ("", nil), ("\n\n", nil),
            // The last line was cut.
            ("22 1 8:1 / / rw - x x x\n23 22 0:7 / / rw - x", "8:1 /"),
        ] as [(String, String?)])
    func theMountAtTheRootIsFound(text: String, expected: String?) {
        #expect(RootMounts.mount(at: "/", in: Array(text.utf8)) == expected.map { Array($0.utf8) })
    }

    @Suite(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(10)))
    struct OtherNamespaces {
        private func live(_ pid: UInt32) throws -> ProcessDescription {
            var process = ProcessDescription()
            process.pid = pid
            let namespace = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/mnt")
            process.mountNamespace = try #require(UInt32(namespace.filter(\.isNumber)))
            return process
        }

        /// The commands that give the process its mounts: those of a service, and of two kinds of container.
        @Test(
            arguments: [
                ("mount -t tmpfs none /tmp", false), ("mount -t tmpfs none /mnt; root=/mnt", true),
                ("mount --bind /usr /mnt; root=/mnt", true),
            ])
        func anotherRootIsForeign(mounting: String, isForeign: Bool) throws {
            let mounts = RootMounts()
            #expect(!mounts.isForeign(try live(UInt32(getpid()))))
            let child = try Child([
                "unshare", "-m", "bash", "-c",
                "\(mounting); cd ${root:-/}; [ -z $root ] || mount --move . /; echo up; read -r x",
            ])
            #expect(child.line() == "up")
            let process = try live(child.pid)
            #expect(mounts.isForeign(process) == isForeign)
            child.end()
            // Others in the same namespace may have ended before they are looked at.
            #expect(mounts.isForeign(process) == isForeign)
            #expect(!RootMounts().isForeign(process))
        }
    }
}
