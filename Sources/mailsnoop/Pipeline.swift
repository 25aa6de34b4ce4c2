internal import Glibc
internal import MailWatch

/// Text for stdout or a file, which is waited for.
struct Pipeline {
    /// The reader has gone away, and has what it wanted.
    struct NobodyReads: Error {}

    private static let blockSize = 64 << 10

    private var text: [UInt8] = []
    private let descriptor: Int32

    /// - Parameter descriptor: nil for stdout.
    init(_ descriptor: Int32? = nil) { self.descriptor = descriptor ?? STDOUT_FILENO }

    /// Closes the file that was made.
    func close() { Glibc.close(descriptor) }

    mutating func add(_ append: (inout [UInt8]) -> Void) throws {
        append(&text)
        if text.count >= Self.blockSize { try flush() }
    }

    mutating func write(_ bytes: [UInt8]) throws { try add { $0 += bytes } }

    mutating func flush() throws {
        var done = 0
        while done < text.count {
            // Writes from within the array.
            let count = unsafe text.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress! + done, text.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno == EPIPE {
                throw NobodyReads()
            } else if errno == EAGAIN {
                var source = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // One source.
                unsafe poll(&source, 1, -1)
            } else if errno != EINTR {
                throw Failure.output(errno)
            }
        }
        text.removeAll(keepingCapacity: true)
    }
}
