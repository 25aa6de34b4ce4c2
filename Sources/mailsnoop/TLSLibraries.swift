internal import Glibc
internal import KernelProbe
internal import PHPRuntime

/// The libraries of this host that encrypt: those that are installed, and those that running processes have loaded, also
/// in containers.
enum TLSLibraries {
    private static let patterns = [
        "/usr/lib{,64}{,/*-linux-gnu*}/libssl.so.*", "/usr/lib{,64}{,/*-linux-gnu*}/libgnutls.so.*",
    ]
    /// More are not watched: each has a handful of functions to attach to.
    private static let limit = 64

    /// A file on overlayfs has another device than the very same file below it, where a function would be attached to
    /// twice.
    private struct File: Hashable {
        let inode: UInt64
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            // stat fills the structure.
            guard unsafe stat(path, &status) == 0 else { return nil }
            inode = UInt64(status.st_ino)
            size = status.st_size
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    static func scan() -> [TLSLibrary] {
        var libraries: [TLSLibrary] = []
        var known: Set<File> = []
        func add(_ path: String, name: Substring) {
            guard libraries.count < limit, let file = File(path), known.insert(file).inserted else { return }
            libraries.append(TLSLibrary(path: path, kind: name.hasPrefix("libssl") ? .openSSL : .gnuTLS))
        }
        for path in patterns.flatMap(FileSearch.paths) { add(path, name: fileName(path)) }
        for pid in FileSearch.processes() {
            for library in MappedLibrary.all(of: pid, named: isLibrary) {
                add(library.place(in: pid), name: fileName(library.path))
            }
        }
        return libraries
    }

    private static func fileName(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }

    /// `libssl.so.3`, and `libssl-9ab1.so.1.1` of Python's wheels; not NSS's `libssl3.so`.
    private static func isLibrary(_ name: Substring) -> Bool {
        (name.hasPrefix("libssl.so") || name.hasPrefix("libssl-") || name.hasPrefix("libgnutls.so"))
            && name.contains(".so")
    }
}
