internal import CLinux
internal import Dispatch
internal import Glibc
internal import MailWatch
internal import Reports
internal import Synchronization

/// Rows on their way to a file, a pipe or a terminal. Whoever hands them over never waits: a queue of its own writes
/// them, and what it cannot write in time is held up to a bound, then counted.
final class Output: Sendable {
    private struct State {
        var backlog: Backlog
        /// The line on stderr that tells how far it is; shown below the rows.
        var status: [UInt8]?
        var unwritten = 0
        var isWriting = false
        var isDeflating = false
        /// Something was deflated since the backlog was last empty.
        var wasLong = false
        var error: Int32 = 0
    }

    private let state: Mutex<State>
    private let writer = DispatchQueue(label: "output")
    /// Not the writer, whom a write holds up, nor the caller, who has the ring to read.
    private let deflater = DispatchQueue(label: "backlog")
    private let descriptor: Int32
    /// stderr shows the same terminal as the rows.
    private let sharesTerminal: Bool

    /// - Parameter backlogLimit: bytes that may be held for a slow output, deflated: 64 MiB are about 1 GB of rows.
    init(descriptor: Int32, backlogLimit: Int = 64 << 20) {
        self.descriptor = descriptor
        state = Mutex(State(backlog: Backlog(limit: backlogLimit)))
        sharesTerminal = isatty(descriptor) == 1 && isatty(STDERR_FILENO) == 1
    }

    /// Rows that were dropped, as the output was too slow or failed.
    var unwritten: Int { state.withLock { $0.unwritten } }

    /// The errno that ended it; 0 none.
    var error: Int32 { state.withLock { $0.error } }

    /// What it writes to is another file now.
    func recover() { state.withLock { $0.error = 0 } }

    var isIdle: Bool { state.withLock { !$0.isWriting } }

    /// - Parameter rows: how many rows `bytes` holds, all whole.
    func write(_ bytes: [UInt8], rows: Int) {
        if bytes.isEmpty { return }
        enqueue { state in
            if state.error != 0 || !state.backlog.append(bytes) { state.unwritten += rows }
        }
    }

    /// Replaces the status line; empty removes it.
    func status(_ text: String) { enqueue { $0.status = Array(text.utf8) } }

    private func enqueue(_ change: (inout State) -> Void) {
        let (writes, deflates) = state.withLock { state in
            change(&state)
            let (wasWriting, wasDeflating) = (state.isWriting, state.isDeflating)
            state.isWriting = true
            state.isDeflating = wasDeflating || state.backlog.needsDeflating
            state.wasLong = state.wasLong || state.isDeflating
            return (!wasWriting, state.isDeflating && !wasDeflating)
        }
        if writes { writer.async { self.drain() } }
        if deflates { deflater.async { self.deflate() } }
    }

    private func drain() {
        while true {
            let (block, status, wasLong) = state.withLock { state -> (RowBlock?, [UInt8]?, Bool) in
                let block = state.backlog.next()
                defer {
                    state.status = nil
                    if block == nil { state.wasLong = false }
                }
                state.isWriting = block != nil || state.status != nil
                return (block, state.status, state.wasLong)
            }
            // malloc alone would keep it.
            if block == nil, wasLong { clinux_return_memory() }
            if block == nil, status == nil { return }
            if let block {
                if sharesTerminal { _ = writeAll(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO) }
                let error = writeAll(block.bytes, to: descriptor)
                state.withLock { if $0.error == 0 { $0.error = error } }
            }
            if let status { _ = writeAll(Array("\r\u{1B}[K".utf8) + status, to: STDERR_FILENO) }
        }
    }

    private func deflate() {
        while true {
            let job = state.withLock { state in
                let job = state.backlog.nextJob()
                state.isDeflating = job != nil
                return job
            }
            guard let job else { return }
            if let deflated = job.deflated() { state.withLock { $0.backlog.finish(job, deflated) } }
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
