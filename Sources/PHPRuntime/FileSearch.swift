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
    package static func processes() -> [UInt32] {
        guard let folder = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(folder) }
        var pids: [UInt32] = []
        // readdir's entry stays until the next call; its name ends with NUL.
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let pid = UInt32(name) { pids.append(pid) }
        }
        return pids
    }
}
