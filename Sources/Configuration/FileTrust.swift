internal import Glibc

/// Who could have written a file: the configuration says whom to trust, so only root and the caller may change it.
enum FileTrust {
    /// As many as the kernel follows (path_resolution(7)).
    private static let linkLimit = 40
    /// /dev/null (Documentation/admin-guide/devices.txt).
    private static let null: dev_t = 0x103

    /// Why others could change what is found under a path; nil where nobody can. Every folder and symbolic link on the way
    /// counts. In a folder with the sticky bit others cannot replace what is not theirs.
    static func problem(_ path: String) -> String? {
        var rest = Array(absolute(path).split(separator: "/").map(String.init).reversed())
        var folder = ""
        var links = 0
        if let problem = problem(at: "/", isFile: false) { return problem }
        while let name = rest.popLast() {
            if name == "." { continue }
            if name == ".." {
                folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
                continue
            }
            let place = folder + "/" + name
            if let problem = problem(at: place, isFile: rest.isEmpty) { return problem }
            guard let target = target(of: place) else {
                folder = place
                continue
            }
            links += 1
            guard links <= linkLimit else { return "has too many symbolic links on its way" }
            rest += target.split(separator: "/").map(String.init).reversed()
            if target.hasPrefix("/") { folder = "" }
        }
        return nil
    }

    private static func problem(at place: String, isFile: Bool) -> String? {
        var status = stat()
        // lstat fills the structure. What is not there is said by whoever opens it.
        guard unsafe lstat(place, &status) == 0 else { return nil }
        let subject = isFile ? "" : "lies below \(place), which "
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            return "\(subject)belongs to another user (uid \(status.st_uid)): give it to root (chown root)"
        }
        let kind = status.st_mode & S_IFMT
        if isFile, kind != S_IFREG, kind != S_IFLNK {
            // Nothing that is written to it can be read.
            return status.st_rdev == null ? nil : "is not a regular file"
        }
        guard kind != S_IFLNK, status.st_mode & 0o022 != 0, kind != S_IFDIR || status.st_mode & S_ISVTX == 0 else {
            return nil
        }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        return "\(subject)can be written by others (mode \(mode)): take that from them (chmod go-w)"
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        // getcwd allocates what it returns.
        guard let folder = unsafe getcwd(nil, 0) else { return "/" + path }
        defer { unsafe free(folder) }
        return unsafe String(cString: folder) + "/" + path
    }

    /// Nil where it is no symbolic link.
    private static func target(of place: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // Writes at most what the array holds.
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe readlink(place, $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
        }
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
