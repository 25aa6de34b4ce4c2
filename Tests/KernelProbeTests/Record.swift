import CProbe
import Glibc

/// A connect record as the kernel side writes it, to be spoiled by tests.
struct Record: Sendable {
    var connect = probe_connect()
    var identity = probe_identity()
    var argv: [UInt8] = Array("php\0send.php\0".utf8)
    /// Components from the leaf to the root.
    var exe: [UInt8] = Array("php8.2\0bin\0usr\0".utf8)
    var cwd: [UInt8] = Array("www\0var\0".utf8)
    var cgroup: [UInt8] = Array("php.service\0system.slice\0".utf8)
    var root: [UInt8] = Array("web1\0srv\0".utf8)
    var legacyCgroup: [UInt8] = Array("php.service\0web.slice\0".utf8)
    var executionArgv: [UInt8] = Array("php\0bot.php\0".utf8)
    var executionCwd: [UInt8] = Array("shm\0dev\0".utf8)

    init() {
        connect.kind = UInt8(PROBE_CONNECT.rawValue)
        connect.flags = UInt8(PROBE_DESCRIBED.rawValue)
        connect.family = UInt16(AF_INET)
        connect.source_port = 40_961
        connect.destination_port = 25
        connect.time_ns = 3_000_000_019
        connect.connection = 5 << 48 | 23
        connect.identity = 0x0123_4567_89AB_CDEF
        fill(&connect.source, [198, 51, 100, 7])
        fill(&connect.destination, [192, 0, 2, 25])
        connect.tid = 4243
        fill(&connect.comm, Array("worker".utf8))
        identity.start_ns = 1_000_000_007
        identity.cgroup_id = 7919
        identity.tgid = 4242
        identity.uid = 33
        identity.gid = 34
        identity.euid = 35
        identity.egid = 36
        identity.loginuid = 1000
        identity.network_namespace = 4_026_531_993
        identity.mount_namespace = 4_026_531_841
        fill(&identity.comm, Array("php".utf8))
        identity.execution_inode = 104_729
        identity.execution_device = 8 << 20 | 3
        identity.execution_flags = UInt16(PROBE_EXECUTION_KNOWN.rawValue)
        identity.user_namespace = 4_026_531_837
        identity.exe_mount_namespace = 4_026_531_832
        identity.exe_mount_owner = 4_026_531_839
        identity.ancestors.0 = ancestor(17, "sh")
        identity.ancestors.1 = ancestor(1, "systemd")
    }

    func ancestor(_ pid: UInt32, _ name: String) -> probe_ancestor {
        var ancestor = probe_ancestor()
        ancestor.start_ns = UInt64(pid) * 1000
        ancestor.tgid = pid
        ancestor.uid = pid + 100
        fill(&ancestor.comm, Array(name.utf8))
        return ancestor
    }

    /// The record, with the sizes of its strings.
    var bytes: [UInt8] {
        var identity = identity
        identity.argv_size = UInt16(argv.count)
        identity.exe_size = UInt16(exe.count)
        identity.cwd_size = UInt16(cwd.count)
        identity.cgroup_size = UInt16(cgroup.count)
        identity.root_size = UInt16(root.count)
        identity.legacy_cgroup_size = UInt16(legacyCgroup.count)
        identity.execution_argv_size = UInt16(executionArgv.count)
        identity.execution_cwd_size = UInt16(executionCwd.count)
        return bytes(claiming: identity)
    }

    /// The record with the sizes as `identity` has them.
    func bytes(claiming identity: probe_identity) -> [UInt8] {
        memory(of: connect) + memory(of: identity) + argv + exe + cwd + cgroup + root + legacyCgroup
            + executionArgv + executionCwd
    }

    /// The record of a connect whose process is known.
    var briefBytes: [UInt8] {
        var connect = connect
        connect.flags &= ~UInt8(PROBE_DESCRIBED.rawValue)
        return memory(of: connect)
    }

    /// A record of what became of a connection.
    static func life(_ kind: probe_kind, change: (inout probe_life) -> Void = { _ in }) -> [UInt8] {
        var life = probe_life()
        life.kind = UInt8(kind.rawValue)
        life.family = UInt8(AF_INET)
        life.source_port = 40_961
        life.error = 104
        life.time_ns = 3_000_000_037
        life.connection = 5 << 48 | 23
        life.established_ns = 3_000_000_029
        life.bytes_sent = 1009
        life.bytes_received = 2003
        life.bytes_accounted = 503
        life.cookie = 4099
        fill(&life.source, [198, 51, 100, 7])
        change(&life)
        return memory(of: life)
    }
}

extension Record {
    /// A line of the dialogue.
    static func line(
        _ what: probe_line_what, _ text: String, change: (inout probe_line) -> Void = { _ in }
    ) -> [UInt8] {
        var line = probe_line()
        line.kind = UInt8(PROBE_LINE.rawValue)
        line.what = UInt8(what.rawValue)
        line.size = UInt16(text.utf8.count)
        line.time_ns = 3_000_000_041
        line.connection = 5 << 48 | 23
        line.ordinal = 3
        line.recipients = 7
        change(&line)
        return memory(of: line) + text.utf8
    }
}

/// Writes bytes to the front of one of C's arrays.
func fill<Tuple: BitwiseCopyable>(_ array: inout Tuple, _ bytes: [UInt8]) {
    // copyBytes traps where the array is too short.
    unsafe withUnsafeMutableBytes(of: &array) { unsafe $0.copyBytes(from: bytes) }
}

func memory(of value: some BitwiseCopyable) -> [UInt8] {
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
}
