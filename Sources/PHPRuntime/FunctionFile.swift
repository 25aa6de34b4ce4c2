internal import Glibc

/// A library of this host, open, and where functions are in it.
///
/// It is the very file that was read: what its path means may change, and a library of a user's may be anything.
package struct FunctionFile: Sendable {
    /// Keeps the file open.
    private final class Handle: Sendable {
        let file: OpenFile
        init(_ file: consuming OpenFile) { self.file = file }
    }

    private let handle: Handle
    /// In the file, by name.
    package let offsets: [String: UInt64]

    /// A file on overlayfs has another device than the very same file below it.
    package struct Identity: Hashable, Sendable {
        let inode: UInt64
        let size: Int
        let seconds: Int
        let nanoseconds: Int
    }

    /// Nil where there is no such library, root does not own it, others may write to it, or it has none of the functions.
    package init?(_ path: String, functions: [String]) {
        guard let file = try? OpenFile(path), file.isInstalled, let elf = ELFFile(file) else { return nil }
        offsets = elf.symbols(functions, .function, in: file).compactMapValues(elf.fileOffset)
        guard !offsets.isEmpty else { return nil }
        handle = Handle(file)
    }

    /// A path that means this file, as long as this lives.
    package var path: String { "/proc/self/fd/\(handle.file.descriptor)" }

    package var identity: Identity {
        let status = handle.file.status
        return Identity(
            inode: UInt64(status.st_ino), size: status.st_size, seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }
}
