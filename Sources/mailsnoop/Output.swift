internal import Dispatch
internal import Glibc
internal import MailWatch
internal import Synchronization

/// Rows on their way to a file, a pipe or a terminal. Whoever hands them over never waits: a queue of its own writes
/// them, and what it cannot write in time is held up to a bound, then counted.
final class Output: Sendable {
    /// Bytes held for a slow output.
    static let backlogLimit = 64 << 20

    private struct State {
        var chunks: [[UInt8]] = []
        /// The line on stderr that tells how far it is; shown below the rows.
        var status: [UInt8]?
        var backlog = 0
        var unwritten = 0
        var isWriting = false
        var error: Int32 = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "output")
    private let descriptor: Int32
    /// stderr shows the same terminal as the rows.
    private let sharesTerminal: Bool

    init(descriptor: Int32) {
        self.descriptor = descriptor
        sharesTerminal = isatty(descriptor) == 1 && isatty(STDERR_FILENO) == 1
    }

    /// Rows that were dropped, as the output was too slow or failed.
    var unwritten: Int { state.withLock { $0.unwritten } }

    /// The errno that ended it; 0 none.
    var error: Int32 { state.withLock { $0.error } }

    var isIdle: Bool { state.withLock { !$0.isWriting } }

    /// - Parameter rows: how many rows `bytes` holds, all whole.
    func write(_ bytes: [UInt8], rows: Int) {
        if bytes.isEmpty { return }
        enqueue { state in
            guard state.error == 0, state.backlog + bytes.count <= Self.backlogLimit else {
                state.unwritten += rows
                return
            }
            state.backlog += bytes.count
            state.chunks.append(bytes)
        }
    }

    /// Replaces the status line; empty removes it.
    func status(_ text: String) { enqueue { $0.status = Array(text.utf8) } }

    private func enqueue(_ change: (inout State) -> Void) {
        let begins = state.withLock { state in
            change(&state)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let (chunks, status) = state.withLock { state -> ([[UInt8]], [UInt8]?) in
                defer {
                    state.chunks = []
                    state.status = nil
                }
                state.isWriting = !state.chunks.isEmpty || state.status != nil
                return (state.chunks, state.status)
            }
            if chunks.isEmpty, status == nil { return }
            if sharesTerminal, !chunks.isEmpty { _ = writeAll(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO) }
            for chunk in chunks {
                let error = writeAll(chunk, to: descriptor)
                state.withLock {
                    $0.backlog -= chunk.count
                    if error != 0, $0.error == 0 { $0.error = error }
                }
            }
            if let status { _ = writeAll(Array("\r\u{1B}[K".utf8) + status, to: STDERR_FILENO) }
        }
    }

    /// Returns an errno, 0 for success. A file is cut back to its last whole row when it takes no more.
    private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var done = 0
        while done < bytes.count {
            // Writes from within the array.
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno == EAGAIN {
                var source = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // One source.
                unsafe poll(&source, 1, -1)
            } else if errno != EINTR {
                let error = errno
                let whole = bytes[..<done].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
                let end = lseek(descriptor, 0, SEEK_CUR)
                if done > whole, end >= done { ftruncate(descriptor, end - off_t(done - whole)) }
                return error
            }
        }
        return 0
    }
}
