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

    static func scan() -> [TLSLibrary] {
        var libraries: [TLSLibrary] = []
        var known: Set<FileIdentity> = []
        func add(_ path: String, name: Substring) {
            guard libraries.count < limit, let file = FileIdentity(path), known.insert(file).inserted else { return }
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

    /// `libssl.so.3`, `libssl3.so` of NSS not, `libssl-9ab1.so.1.1` of Python's wheels.
    private static func isLibrary(_ name: Substring) -> Bool {
        (name.hasPrefix("libssl.so") || name.hasPrefix("libssl-") || name.hasPrefix("libgnutls.so"))
            && name.contains(".so")
    }
}
