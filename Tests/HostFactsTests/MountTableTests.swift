import Testing

@testable import HostFacts

struct MountTableTests {
    private func table(_ lines: String...) -> MountTable { MountTable(text: Array(lines.joined(separator: "\n").utf8)) }

    @Test func mountIsKnownByItsNumber() throws {
        let table = table(
            "22 27 254:16 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard",
            "37 31 0:40 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
            "41 22 0:77 /home/ann /mnt/a\\040b rw master:1 propagate_from:2 - fuse.sshfs ann@x rw,user_id=1000")
        let root = try #require(table[22])
        #expect(root.device == 254 << 20 | 16)
        #expect([root.type, root.root, root.point] == ["ext4", "/", "/"])
        #expect(table[37]?.options.contains("name=systemd") == true)
        #expect(table[41]?.type == "fuse.sshfs")
        #expect(table[23] == nil)
    }

    /// The device's answer is that of a user's program, or of another host.
    @Test(
        arguments: [
            ("ext4", "/", false), ("overlay", "/", false), ("tmpfs", "/tmp", false), ("btrfs", "/usr", false),
            ("fuse", "/home/ann/x", true), ("fuseblk", "/mnt/usb", true), ("fuse.rclone", "/", true),
            ("autofs", "/net", true), ("nfs4", "/home", true), ("nfs4", "/", false), ("cifs", "/srv", true),
        ])
    func fileSystemThatMayHangIsLeftAlone(type: String, point: String, mayHang: Bool) {
        #expect(table("22 27 0:7 / \(point) rw - \(type) x rw")[22]?.mayHang == mayHang)
    }

    @Test(arguments: [
        "", "22", "22 27 0:7 / / rw", "22 27 0:7 / / rw -", "x 27 0:7 / / rw - ext4 x rw",
        "22 27 07 / / rw - ext4 x rw", "22 27 0:x / / rw - ext4 x rw", "22 27 0:7 - ext4 x rw a b c",
    ])
    func lineThatIsNoneIsLeftOut(line: String) {
        #expect(table(line)[22] == nil)
    }
}
