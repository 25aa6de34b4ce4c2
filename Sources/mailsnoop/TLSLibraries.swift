internal import HostFacts
internal import KernelProbe
internal import PHPRuntime
internal import Synchronization

/// The libraries of this host that encrypt: those that are installed, and those that running processes have loaded, also
/// in containers. Only root's: any user can load a library that is called like one.
enum TLSLibraries {
    private static let patterns = [
        "/usr/lib{,64}{,/*-linux-gnu*}/libssl.so.*", "/usr/lib{,64}{,/*-linux-gnu*}/libgnutls.so.*",
    ]
    /// More are not watched: each has a handful of functions to attach to.
    private static let limit = 64
    /// Processes that a job looks through.
    private static let batch = 64
    private static let patience = Duration.seconds(3)

    private final class Found: Sendable {
        private struct State {
            var libraries: [TLSLibrary] = []
            /// A file on overlayfs has another device than the very same file below it, where a function would be attached
            /// to twice.
            var known: Set<FunctionFile.Identity> = []
        }

        private let state = Mutex(State())

        func add(_ path: String, name: Substring) {
            guard TLSLibrary.isNamed(name), let library = TLSLibrary(path: path, name: name) else { return }
            state.withLock { state in
                guard state.libraries.count < limit, state.known.insert(library.identity).inserted else { return }
                state.libraries.append(library)
            }
        }

        func add(loadedBy process: UInt32) {
            for library in MappedLibrary.all(of: process, named: TLSLibrary.isNamed) {
                add(library.place(in: process), name: fileName(library.path))
            }
        }

        var all: [TLSLibrary] { state.withLock { $0.libraries } }
    }

    /// Waits three seconds at most.
    static func scan() -> [TLSLibrary] {
        let found = Found()
        for path in patterns.flatMap(FileSearch.paths) { found.add(path, name: fileName(path)) }
        let processes = Dictionary(grouping: FileSearch.processes()) { FileSearch.user(of: $0) }
        let jobs = processes.flatMap { user, processes -> [(payer: Workers.Payer, body: @Sendable () -> Void)] in
            // One that has gone has no user.
            guard let user else { return [] }
            return stride(from: 0, to: processes.count, by: batch).map { start in
                let batch = processes[start..<min(start + batch, processes.count)]
                return (.user(user), { for process in batch { found.add(loadedBy: process) } })
            }
        }
        _ = Workers().runAll(jobs, patience: patience)
        return found.all
    }

    private static func fileName(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
}
