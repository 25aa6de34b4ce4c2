internal import Glibc

/// What can send mail on this host without a TCP connect that the kernel side sees.
public enum UnseenSenders {
    /// A raw or packet socket of this network namespace, and a process that holds it.
    public struct Holder: Sendable, Equatable {
        /// `raw`, `raw6` or `packet`, as the table in /proc/net is called.
        public let kind: String
        /// 0 where no process could be found: it may be in another pid namespace, or the caller may not look.
        public let pid: UInt32
        /// The process's name, as the process wants it.
        public let name: String
    }

    /// Those that are open now: with them root can send TCP segments of its own making (raw(7), packet(7)).
    public static func rawSockets() -> [Holder] {
        var kinds: [String: String] = [:]
        for (kind, column) in [("raw", 9), ("raw6", 9), ("packet", 8)] {
            let text = String(decoding: readFile("/proc/net/\(kind)", limit: 1 << 20) ?? [], as: UTF8.self)
            for inode in inodes(text, column: column) { kinds[inode] = kind }
        }
        if kinds.isEmpty { return [] }
        var holders: [Holder] = []
        for pid in names(in: "/proc").compactMap({ UInt32($0) }) {
            for descriptor in names(in: "/proc/\(pid)/fd") {
                guard let inode = socketInode("/proc/\(pid)/fd/\(descriptor)"),
                    let kind = kinds.removeValue(forKey: inode)
                else { continue }
                let name = readFile("/proc/\(pid)/comm", limit: 64) ?? []
                holders.append(
                    Holder(kind: kind, pid: pid, name: String(decoding: name.prefix { $0 != 0x0A }, as: UTF8.self)))
            }
        }
        return holders.sorted { ($0.pid, $0.kind) < ($1.pid, $1.kind) }
            + kinds.values.sorted().map { Holder(kind: $0, pid: 0, name: "") }
    }

    /// What ld.so(8) loads into every program by /etc/ld.so.preload; empty where that says nothing.
    public static func preloaded() -> [String] { libraries(readFile("/etc/ld.so.preload", limit: 64 << 10) ?? []) }

    /// Blanks and colons are between the names; `#` begins a comment.
    static func libraries(_ text: [UInt8]) -> [String] {
        text.split(separator: UInt8(ascii: "\n")).flatMap { line in
            line.prefix { $0 != UInt8(ascii: "#") }.split { $0 <= UInt8(ascii: " ") || $0 == UInt8(ascii: ":") }
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// - Parameter column: of the inode, counted from 0; the first line has the titles.
    static func inodes(_ text: String, column: Int) -> [String] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            return column < fields.count ? String(fields[column]) : nil
        }
    }

    /// Nil where it is no socket.
    private static func socketInode(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 64)
        // Writes at most what the array holds.
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe readlink(path, $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
        }
        let target = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        return target.hasPrefix("socket:[") ? String(target.dropFirst(8).dropLast()) : nil
    }

    private static func names(in folder: String) -> [String] {
        // readdir's entry stays until the next call; closedir ends it.
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
