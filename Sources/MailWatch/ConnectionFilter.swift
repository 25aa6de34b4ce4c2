internal import Glibc

/// Which connections are wanted. An empty list wants all; the values of one list are alternatives.
public struct ConnectionFilter: Sendable {
    public var pids: [UInt32] = []
    public var users: [UInt32] = []
    /// comm of the process or of the thread, exact.
    public var comms: [String] = []
    /// Path of the exe, as a glob(7) pattern in which `*` also matches `/`.
    public var exes: [String] = []
    /// Inode of the socket's network namespace; nil wants all.
    public var networkNamespace: UInt32?

    public init() {}

    /// Real or effective user.
    ///
    /// The processes that a connection had before count as well.
    public func matches(_ connection: Connection) -> Bool {
        matches(connection.process, thread: connection.threadName)
            || connection.formerProcesses.contains { matches($0, thread: []) }
    }

    /// Whether one of the former processes matches: the connection was wanted before it had its present one.
    package func matchesFormer(_ connection: Connection) -> Bool {
        connection.formerProcesses.contains { matches($0, thread: []) }
    }

    private func matches(_ process: Process, thread: [UInt8]) -> Bool {
        let process = process.description
        return (networkNamespace == nil || process.networkNamespace == networkNamespace)
            && (pids.isEmpty || pids.contains(process.pid))
            && (users.isEmpty || [process.uid, process.effectiveUID].contains { $0.map(users.contains) ?? false })
            && (comms.isEmpty
                || comms.contains {
                    $0.utf8.elementsEqual(process.comm) || $0.utf8.elementsEqual(thread)
                })
            && (exes.isEmpty || exes.contains { Self.glob($0, process.exe) })
    }

    /// Whether the pattern covers the whole path. `*` also matches `/`.
    package static func glob(_ pattern: String, _ path: [UInt8]) -> Bool {
        // fnmatch reads both up to their NUL; paths have none inside.
        unsafe (path + [0]).withUnsafeBytes { bytes in
            unsafe fnmatch(pattern, bytes.assumingMemoryBound(to: CChar.self).baseAddress!, 0) == 0
        }
    }
}
