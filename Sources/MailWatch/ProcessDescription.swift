/// A process as the kernel saw it at the moment of a connect. All bytes are the process's own claim but for the
/// numbers, the exe and the cgroup.
public struct ProcessDescription: Equatable, Sendable {
    /// One of the processes above, nearest first.
    public struct Ancestor: Equatable, Sendable {
        public var pid: UInt32
        public var uid: UInt32
        /// ns of CLOCK_BOOTTIME.
        public var startTime: UInt64
        public var comm: [UInt8]

        public init(pid: UInt32, uid: UInt32, startTime: UInt64, comm: [UInt8]) {
            self.pid = pid
            self.uid = uid
            self.startTime = startTime
            self.comm = comm
        }
    }

    /// The process as the kernel saw it when its program started (exec), before the program could change anything.
    /// A child that was forked since has that of its parent.
    public struct Execution: Equatable, Sendable {
        /// argv as the kernel laid it out: a NUL after each argument.
        public var argv: [UInt8] = []
        public var isArgvTruncated = false
        /// The working directory; empty where it could not be read whole.
        public var cwd: [UInt8] = []
        /// The file that was executed (inode.i_ino, super_block.s_dev). `exeInode` differs from it after PR_SET_MM.
        public var exeInode: UInt64 = 0
        public var exeDevice: UInt32 = 0
        /// The environment has a variable by which any program may load other code: LD_PRELOAD, LD_AUDIT,
        /// LD_LIBRARY_PATH and the others of ld.so(8), GCONV_PATH, OPENSSL_CONF and its like.
        public var hasLoaderVariables = false
        /// The environment has a variable by which an interpreter runs other code: PERL5OPT, PYTHONPATH, NODE_OPTIONS,
        /// PHPRC, BASH_ENV, ...
        public var hasInterpreterVariables = false
        /// Not the whole environment was looked at.
        public var isEnvironmentTruncated = false

        public init() {}

        /// The arguments, also empty ones at the end.
        public var arguments: [ArraySlice<UInt8>] { argv.arguments }
    }

    /// What could not be read whole.
    public struct Gaps: OptionSet, Sendable, Hashable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let argvUnreadable = Gaps(rawValue: 1 << 0)
        public static let argvTruncated = Gaps(rawValue: 1 << 1)
        public static let exeTruncated = Gaps(rawValue: 1 << 2)
        public static let cwdTruncated = Gaps(rawValue: 1 << 3)
        public static let cgroupTruncated = Gaps(rawValue: 1 << 4)
        /// The record that described the process was lost; only the connection is known.
        public static let descriptionLost = Gaps(rawValue: 1 << 5)
        public static let rootTruncated = Gaps(rawValue: 1 << 6)

        public static let names: [(gap: Gaps, name: StaticString)] = [
            (.argvUnreadable, "argv-unreadable"), (.argvTruncated, "argv-truncated"),
            (.exeTruncated, "exe-truncated"), (.cwdTruncated, "cwd-truncated"),
            (.cgroupTruncated, "cgroup-truncated"), (.descriptionLost, "description-lost"),
            (.rootTruncated, "root-truncated"),
        ]
    }

    /// Thread group id in the initial pid namespace.
    public var pid: UInt32 = 0
    /// task_struct.start_boottime of the thread group leader, in ns of CLOCK_BOOTTIME.
    public var startTime: UInt64 = 0
    /// The ids are nil only where the description was lost.
    public var uid: UInt32?
    public var gid: UInt32?
    public var effectiveUID: UInt32?
    public var effectiveGID: UInt32?
    /// The user who logged in (audit loginuid); nil when nobody did.
    public var loginUID: UInt32?
    /// Inode of the socket's network namespace.
    public var networkNamespace: UInt32 = 0
    public var cgroupID: UInt64 = 0
    /// Path in the cgroup v2 hierarchy, from its root.
    public var cgroupPath: [UInt8] = []
    /// Path in systemd's cgroup v1 hierarchy (`name=systemd`, cgroups(7)); nil where the host has none.
    public var legacyCgroupPath: [UInt8]?
    /// A thread of the kernel (PF_KTHREAD) that works for no process.
    public var isKernelThread = false
    /// comm of the thread group leader.
    public var comm: [UInt8] = []
    /// Path from the root of the process's mount namespace.
    public var exe: [UInt8] = []
    public var isExeDeleted = false
    /// The exe's file, as the kernel names it (inode.i_ino, super_block.s_dev); 0 where there is none.
    public var exeInode: UInt64 = 0
    public var exeDevice: UInt32 = 0
    public var cwd: [UInt8] = []
    public var isCwdDeleted = false
    /// The process's root directory: `/`, unless it is in a chroot. Paths that the process itself names begin there.
    public var root: [UInt8] = []
    /// Inode of the mount namespace; 0 where it was not read.
    public var mountNamespace: UInt32 = 0
    /// Inode of the mount namespace that the exe's file lies in; 0 where it was not read, or lies in none (memfd).
    public var exeMountNamespace: UInt32 = 0
    /// Inode of the user namespace that owns `exeMountNamespace`: the initial one's, unless it was made without
    /// privileges on the host. 0 where it was not read.
    public var exeMountOwner: UInt32 = 0
    /// Inode of the initial user namespace, in every kernel (PROC_USER_INIT_INO in linux/proc_ns.h).
    public static let initialUserNamespace: UInt32 = 0xEFFF_FFFD

    /// Inode of the user namespace of the credentials (cred.user_ns); 0 where it was not read.
    public var userNamespace: UInt32 = 0
    /// Nil where the program started before the probe was loaded, or the kernel cannot tell (before 5.12; on
    /// unwatched ports before 6.18).
    public var execution: Execution?
    /// argv as it lies in memory: a NUL behind each argument.
    public var argv: [UInt8] = []
    public var ancestors: [Ancestor] = []
    public var gaps: Gaps = []

    public init() {}

    /// The arguments. The zeros with which a program pads its title are not arguments.
    public var arguments: [ArraySlice<UInt8>] {
        guard let last = argv.lastIndex(where: { $0 != 0 }) else { return [] }
        // One zero more is an empty argument. With several, only an unchanged argv tells arguments from padding.
        if argv.count - last > 3, argv != execution?.argv { return argv[...last].arguments }
        return argv.arguments
    }
}

extension Collection<UInt8> where Index == Int {
    /// What stands between zeros. The last one ends an argument, where it was not cut.
    fileprivate var arguments: [SubSequence] {
        var arguments = split(separator: 0, omittingEmptySubsequences: false)
        if let last = arguments.last, last.isEmpty { arguments.removeLast() }
        return arguments
    }
}
