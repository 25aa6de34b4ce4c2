internal import Synchronization

/// A value that is found out after the event that asks for it. It is settled once: by the one who finds it, or by the
/// one who waits no longer. What comes later changes nothing, so all readers agree.
public final class Late<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        /// Nil once it is settled.
        var fallback: (@Sendable () -> Value)?
    }

    private let state: Mutex<State>
    private let isDone: Atomic<Bool>

    /// A value that is known already.
    public init(_ value: Value) {
        state = Mutex(State(value: value, fallback: nil))
        isDone = Atomic(true)
    }

    /// - Parameter fallback: gives the value until it is settled, and for good after `giveUp`.
    public init(or fallback: @escaping @Sendable () -> Value) {
        state = Mutex(State(value: nil, fallback: fallback))
        isDone = Atomic(false)
    }

    public var isSettled: Bool { isDone.load(ordering: .acquiring) }

    public var value: Value {
        let (value, fallback) = state.withLock { ($0.value, $0.fallback) }
        // One of the two is always there.
        return value ?? fallback!()
    }

    /// Sets the value. Does nothing where it is settled.
    public func settle(_ value: Value) {
        state.withLock { state in
            guard state.value == nil else { return }
            state = State(value: value, fallback: nil)
            isDone.store(true, ordering: .releasing)
        }
    }

    /// Settles it with the fallback, where nothing has been found yet.
    public func giveUp() {
        guard !isSettled else { return }
        settle(value)
    }
}
