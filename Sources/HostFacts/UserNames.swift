internal import Dispatch
internal import Glibc
internal import Synchronization

/// User names by number and numbers by name. Those of /etc/passwd are known at once; all others are asked of the
/// services of nsswitch.conf (getpwuid_r(3)), by workers, as a directory service may never answer.
public final class UserNames: Sendable {
    private typealias Answer = @Sendable (String?) -> Void

    private struct State {
        /// Of /etc/passwd, as it was at that time.
        var local: [UInt32: String] = [:]
        var stamp: [Int] = []
        /// Of the services; nil for a user without a name.
        var found: [UInt32: String?] = [:]
        /// Who waits for the answer.
        var waiting: [UInt32: [Answer]] = [:]
    }

    private static let foundLimit = 65_536
    private static let fileLimit = 16 << 20

    private let path: String
    private let workers: Workers
    private let ask: @Sendable (UInt32) -> String?
    private let state = Mutex(State())

    public convenience init() { self.init(path: "/etc/passwd", ask: Self.askSystem) }

    /// - Parameter ask: may wait.
    init(path: String, ask: @escaping @Sendable (UInt32) -> String?) {
        var limits = Workers.Limits()
        limits.slow = 8
        limits.deadline = .seconds(1)
        workers = Workers(limits)
        self.path = path
        self.ask = ask
    }

    /// The name, once it is known: at once for users of this host, by a call from another thread for others. Nil where the
    /// user has no name, or none is told in time.
    public func find(_ uid: UInt32, then answer: @escaping @Sendable (String?) -> Void) {
        let (known, asks) = state.withLock { state -> (String??, Bool) in
            if let name = state.local[uid] { return (name, false) }
            if let found = state.found[uid] { return (found, false) }
            follow(&state)
            if let name = state.local[uid] { return (name, false) }
            let isFirst = state.waiting[uid] == nil
            state.waiting[uid, default: []].append(answer)
            return (nil, isFirst)
        }
        if let known { return answer(known) }
        guard asks else { return }
        workers.run(for: .user(uid)) { [self] in
            let name = ask(uid)
            for answer in finish(uid, name) { answer(name) }
        } otherwise: { [self] _ in
            // Asked for again when the user is next seen.
            for answer in state.withLock({ $0.waiting.removeValue(forKey: uid) ?? [] }) { answer(nil) }
        }
    }

    /// The name, waiting for it at most a second. Nil where the user has none, or none is told in time.
    public func name(_ uid: UInt32) -> String? {
        let late = Answered()
        find(uid) { late.settle($0) }
        return late.wait()
    }

    /// Hands one answer from thread to thread.
    private final class Answered: Sendable {
        private let name = Mutex<String?>(nil)
        private let arrival = DispatchSemaphore(value: 0)

        func settle(_ found: String?) {
            name.withLock { $0 = found }
            arrival.signal()
        }

        func wait() -> String? {
            arrival.wait()
            return name.withLock { $0 }
        }
    }

    private func finish(_ uid: UInt32, _ name: String?) -> [Answer] {
        state.withLock { state in
            if state.found.count >= Self.foundLimit { state.found = [:] }
            state.found[uid] = .some(name)
            return state.waiting.removeValue(forKey: uid) ?? []
        }
    }

    /// Reads the file anew where it has changed: users come and go.
    private func follow(_ state: inout State) {
        var status = stat()
        // stat fills the structure.
        guard unsafe stat(path, &status) == 0 else { return }
        let stamp = [Int(status.st_ino), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        guard stamp != state.stamp, status.st_size <= Self.fileLimit,
            let text = readFile(path, limit: Int(status.st_size))
        else { return }
        state.stamp = stamp
        state.found = [:]
        state.local = Self.users(text)
    }

    /// The first name of each number in passwd(5).
    static func users(_ text: [UInt8]) -> [UInt32: String] {
        var names: [UInt32: String] = [:]
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count == 4, let first = fields[0].first, !UInt8.marks.contains(first),
                let uid = UInt32(String(decoding: fields[2], as: UTF8.self)), names[uid] == nil
            else { continue }
            names[uid] = String(decoding: fields[0], as: UTF8.self)
        }
        return names
    }

    private static let askSystem: @Sendable (UInt32) -> String? = { uid in
        unsafe find { entry, buffer, size, result in
            unsafe getpwuid_r(uid, entry, buffer, size, result)
        } read: {
            unsafe String(cString: $0.pw_name)
        }
    }

    /// The number of a user given by name or number. Nil where there is no such name. Waits for the services.
    public static func uid(_ user: String) -> UInt32? {
        if user.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return UInt32(user) }
        return unsafe find { entry, buffer, size, result in
            unsafe getpwnam_r(user, entry, buffer, size, result)
        } read: {
            unsafe $0.pw_uid
        }
    }

    private static func find<Result>(
        _ call: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32,
        read: (passwd) -> Result
    ) -> Result? {
        var entry = unsafe passwd()
        var result: UnsafeMutablePointer<passwd>?
        // An entry larger than this is none that a name can be read from.
        var buffer = [CChar](repeating: 0, count: 16_384)
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            // The strings in the entry lie in the buffer, and are copied before it goes.
            guard unsafe call(&entry, buffer.baseAddress!, buffer.count, &result) == 0, unsafe result != nil
            else { return nil }
            return unsafe read(entry)
        }
    }
}

extension UInt8 {
    /// Beginnings of lines that name no user: comments, and entries of NIS (nsswitch.conf(5), compat).
    fileprivate static let marks: [UInt8] = [UInt8(ascii: "#"), UInt8(ascii: "+"), UInt8(ascii: "-")]
}
