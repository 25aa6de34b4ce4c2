/// Why the exe does not tell which code a process runs. An unprivileged user can bring about each of them.
public struct Doubts: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The credentials are of another user namespace than the initial one: with it comes the right to mount.
    public static let userNamespace = Doubts(rawValue: 1 << 0)
    /// The exe lies in a mount namespace that was made without privileges on this host.
    public static let mountNamespace = Doubts(rawValue: 1 << 1)
    /// The exe is mounted nowhere: memfd_create(2), or a file system that was unmounted.
    public static let unmounted = Doubts(rawValue: 1 << 2)
    /// The exe is not the file that was executed (PR_SET_MM_EXE_FILE, prctl(2)).
    public static let exeChanged = Doubts(rawValue: 1 << 3)
    /// Variables such as LD_PRELOAD had the dynamic loader add other code (ld.so(8)).
    public static let loaderVariables = Doubts(rawValue: 1 << 4)
    /// The environment was too long to be searched for such variables.
    public static let environment = Doubts(rawValue: 1 << 5)
    /// The exe is the dynamic loader, which runs any file that its arguments name.
    public static let loader = Doubts(rawValue: 1 << 6)
    /// The kernel did not tell the namespaces.
    public static let namespacesUnread = Doubts(rawValue: 1 << 7)
    /// Variables such as PERL5OPT had the interpreter that it is run other code.
    public static let interpreterVariables = Doubts(rawValue: 1 << 8)

    /// In the order in which the reasons come.
    static let codes: [(doubt: Doubts, code: Reason.Code)] = [
        (.userNamespace, .userNamespace), (.mountNamespace, .unprivilegedMount), (.unmounted, .exeUnmounted),
        (.exeChanged, .exeChanged), (.loaderVariables, .loaderVariables), (.environment, .environmentTruncated),
        (.interpreterVariables, .interpreterVariables), (.loader, .runByLoader),
    ]
}

extension ProcessDescription {
    /// None for a kernel thread, or where the description was lost: there is no exe then.
    public var doubts: Doubts {
        guard !exe.isEmpty else { return [] }
        guard userNamespace != 0 else { return .namespacesUnread }
        var doubts: Doubts = []
        if userNamespace != Self.initialUserNamespace { doubts.insert(.userNamespace) }
        if exeMountNamespace == 0 {
            doubts.insert(.unmounted)
        } else if exeMountOwner != Self.initialUserNamespace {
            doubts.insert(.mountNamespace)
        }
        if let execution {
            if execution.exeInode != exeInode || execution.exeDevice != exeDevice { doubts.insert(.exeChanged) }
            if execution.hasLoaderVariables { doubts.insert(.loaderVariables) }
            if execution.hasInterpreterVariables, OptionGrammar.of(program: Path.name(exe)) != nil {
                doubts.insert(.interpreterVariables)
            }
            if execution.isEnvironmentTruncated { doubts.insert(.environment) }
        }
        if Self.isLoader(Path.name(exe)) { doubts.insert(.loader) }
        return doubts
    }

    /// `ld-linux-x86-64.so.2`, `ld-2.31.so`, `ld.so`, `ld64.so.2`, `ld-musl-x86_64.so.1`; in musl `libc.so` as well.
    private static func isLoader(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.contains(".so") else { return false }
        if name.elementsEqual("libc.so".utf8) { return true }
        guard name.starts(with: "ld".utf8) else { return false }
        return name.dropFirst(2).first { !(0x30...0x39).contains($0) }.map { "-.".utf8.contains($0) } == true
    }
}
