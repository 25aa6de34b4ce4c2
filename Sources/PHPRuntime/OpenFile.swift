internal import CLinux
internal import Glibc

/// A regular file that is open for reading; anything else does not open, and nothing that opens waits.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    let status: stat

    /// Where it is no regular file.
    struct NotRegular: Error {}
    /// An errno.
    struct Failure: Error { var code: Int32 }

    init(_ path: String) throws {
        // O_NONBLOCK: a FIFO would wait for its writer.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        var status = stat()
        // fstat fills the structure.
        let isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        guard isRegular else {
            close(descriptor)
            throw NotRegular()
        }
        self.descriptor = descriptor
        self.status = status
    }

    deinit { close(descriptor) }

    /// Whether root alone decides what is in it. A FUSE file says of itself what it likes.
    var isInstalled: Bool {
        status.st_uid == 0 && status.st_mode & (S_IWGRP | S_IWOTH) == 0 && !clinux_is_fuse(descriptor)
    }

    /// What is there of `count` bytes from `offset` on.
    func read(_ count: Int, at offset: UInt64) -> [UInt8] {
        guard let start = off_t(exactly: offset), count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                // pread writes at most what is left of the buffer.
                let got = unsafe pread(
                    descriptor, buffer.baseAddress! + filled, count - filled, start + off_t(filled))
                guard got > 0 else { break }
                filled += got
            }
        }
    }
}

/// The beginning of a file such as those in /proc, which tell no size.
func readText(_ path: String, limit: Int) -> [UInt8] {
    guard let file = try? OpenFile(path) else { return [] }
    var bytes: [UInt8] = []
    while bytes.count < limit {
        let more = file.read(min(64 << 10, limit - bytes.count), at: UInt64(bytes.count))
        if more.isEmpty { break }
        bytes += more
    }
    return bytes
}

func linkTarget(_ path: String) -> String? {
    let target = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
        // readlink writes at most the buffer's size.
        filled = max(0, unsafe readlink(path, buffer.baseAddress!, buffer.count))
    }
    return target.isEmpty ? nil : String(decoding: target, as: UTF8.self)
}

/// A file, whatever its name is.
struct FileIdentity: Hashable {
    var inode: UInt64
    var device: UInt64

    init(inode: UInt64, device: UInt64) {
        self.inode = inode
        self.device = device
    }

    init?(_ path: String) {
        var status = stat()
        // stat fills the structure.
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(inode: UInt64(status.st_ino), device: UInt64(status.st_dev))
    }
}
