internal import CLinux
internal import Glibc
internal import MailWatch

/// O_PATH: a name for a file that is not opened.
let pathOnly = Int32(clinux_o_path)
/// O_NOATIME.
let noAccessTime = Int32(clinux_o_noatime)

/// A file descriptor that is closed when it is forgotten.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Nil for the -1 of a failed call.
    init?(_ number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { close(number) }

    var status: stat? {
        var status = stat()
        // fstat fills the structure.
        return unsafe fstat(number, &status) == 0 ? status : nil
    }

    /// Fills `bytes` from its front. The number of bytes, 0 at the end; nil on failure, also where it would wait.
    func read(into bytes: inout [UInt8]) -> Int? {
        // read writes at most what the buffer holds.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress!, $0.count) }
        return count < 0 ? nil : count
    }

    /// At most `limit` bytes from where it stands; nil where it cannot be read.
    func read(limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: min(limit, 16_384))
        while bytes.count < limit {
            guard let count = read(into: &part) else { return nil }
            if count == 0 { break }
            bytes += part[..<min(count, limit - bytes.count)]
        }
        return bytes
    }

    /// What the symbolic link `name` in this directory says; "" means this one itself. Nil on failure.
    func linkTarget(_ name: String) -> [UInt8]? {
        var target = [UInt8](repeating: 0, count: Path.limit + 1)
        // readlinkat writes at most what the buffer holds.
        let count = unsafe target.withUnsafeMutableBytes {
            unsafe readlinkat(number, name, $0.baseAddress!, $0.count)
        }
        return count < 0 ? nil : Array(target[..<count])
    }

    /// Opens a path that is known to be of this program's own making.
    static func open(_ path: String, in directory: Int32 = AT_FDCWD, flags: Int32) -> Descriptor? {
        Descriptor(unsafe openat(directory, path, flags | O_CLOEXEC))
    }
}
