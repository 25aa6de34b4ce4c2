internal import Glibc

/// Finds files and processes of this host.
package enum FileSearch {
    /// Paths without their symbolic links.
    package static func paths(matching pattern: String) -> [String] {
        var result = unsafe glob_t()
        // globfree is for what glob filled, also where it found nothing.
        defer { unsafe globfree(&result) }
        guard unsafe glob(pattern, GLOB_BRACE | GLOB_NOSORT, nil, &result) == 0 else { return [] }
        return unsafe (0..<Int(result.gl_pathc)).compactMap { index in
            guard let found = unsafe result.gl_pathv[index], let path = unsafe realpath(found, nil) else { return nil }
            defer { unsafe free(path) }
            return unsafe String(cString: path)
        }
    }

    /// Those that run; empty where /proc cannot be read.
    package static func processes() -> [UInt32] { names(in: "/proc").compactMap { UInt32($0) } }

    /// The real user of a process (/proc/PID/status, proc(5)). The owner of /proc/PID is root for a process that hides
    /// (PR_SET_DUMPABLE).
    package static func user(of pid: UInt32) -> UInt32? {
        for line in readText("/proc/\(pid)/status", limit: 4096).split(separator: UInt8(ascii: "\n"))
        where line.starts(with: "Uid:".utf8) {
            return line.split(separator: UInt8(ascii: "\t")).dropFirst().first.flatMap {
                UInt32(String(decoding: $0, as: UTF8.self))
            }
        }
        return nil
    }

    /// What is in a folder, without hidden names, in order. Nothing of it is looked at.
    static func names(in path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        // readdir's entry stays until the next call; its name ends with NUL.
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// A name as part of a pattern that means nothing else.
    static func literal(_ name: String) -> String {
        String(name.flatMap { "*?[]{},\\".contains($0) ? ["\\", $0] : [$0] })
    }
}
