internal import Dispatch
internal import Glibc
public import MailWatch
internal import Synchronization

/// Names of addresses by reverse DNS. Whoever asks never waits: a worker asks the resolver, which may take many seconds.
///
/// The names are whatever the owner of the address has written there.
public final class NameResolver: Sendable {
    private struct State {
        /// Nil for what has no name.
        var known: [IPAddress: [UInt8]?] = [:]
        /// Asked for and not answered yet.
        var waiting: Set<IPAddress> = []
    }

    /// Of a name in text (RFC 1035 section 2.3.4, less the length and the root).
    private static let longestName = 253

    private let state = Mutex(State())
    private let worker: DispatchQueue
    private let knownLimit: Int
    private let waitingLimit: Int
    private let ask: @Sendable (IPAddress) -> [UInt8]?

    public convenience init() {
        self.init(worker: DispatchQueue(label: "mailsnoop.names"), ask: NameResolver.askSystem)
    }

    /// - Parameters:
    ///   - knownLimit: answers that are kept; beyond it all are forgotten.
    ///   - waitingLimit: questions that may wait; beyond it none is taken, and can be asked again later.
    init(
        knownLimit: Int = 8192, waitingLimit: Int = 256, worker: DispatchQueue,
        ask: @escaping @Sendable (IPAddress) -> [UInt8]?
    ) {
        self.worker = worker
        self.knownLimit = knownLimit
        self.waitingLimit = waitingLimit
        self.ask = ask
    }

    /// The name as far as it is known by now; what is not known is asked for.
    public func name(of address: IPAddress) -> [UInt8]? {
        let (name, asks) = state.withLock { state -> ([UInt8]?, Bool) in
            if let known = state.known[address] { return (known, false) }
            guard state.waiting.count < waitingLimit else { return (nil, false) }
            return (nil, state.waiting.insert(address).inserted)
        }
        if asks { worker.async { self.answer(address) } }
        return name
    }

    private func answer(_ address: IPAddress) {
        let name = ask(address).flatMap { $0.isEmpty || $0.count > Self.longestName ? nil : $0 }
        state.withLock { state in
            if state.known.count >= knownLimit { state.known = [:] }
            state.known[address] = .some(name)
            state.waiting.remove(address)
        }
    }

    /// By /etc/hosts and DNS, in the order of nsswitch.conf.
    static func askSystem(_ address: IPAddress) -> [UInt8]? {
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status: Int32
        if address.isIPv4 {
            var socket = sockaddr_in()
            socket.sin_family = sa_family_t(AF_INET)
            // As large as the address of the family.
            unsafe inet_pton(AF_INET, address.description, &socket.sin_addr)
            status = unsafe withUnsafeBytes(of: &socket) { unsafe ask($0, &name) }
        } else {
            var socket = sockaddr_in6()
            socket.sin6_family = sa_family_t(AF_INET6)
            // As large as the address of the family.
            unsafe inet_pton(AF_INET6, address.description, &socket.sin6_addr)
            status = unsafe withUnsafeBytes(of: &socket) { unsafe ask($0, &name) }
        }
        return status == 0 ? name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)) : nil
    }

    /// - Parameter socket: a whole socket address of its family.
    private static func ask(_ socket: UnsafeRawBufferPointer, _ name: inout [CChar]) -> Int32 {
        let size = socklen_t(name.count)
        // Reads the socket address, and writes within the array, with the NUL.
        return unsafe getnameinfo(
            socket.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(socket.count), &name, size, nil, 0,
            NI_NAMEREQD)
    }
}
