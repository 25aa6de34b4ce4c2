/// Rows that wait for a slow output, in order. Rows repeat each other: deflated they take a fifteenth and less. It says
/// what to deflate, and whoever has it does that in a thread that nobody waits for.
public struct Backlog: Sendable {
    /// A block to be deflated.
    public struct Job: Sendable {
        fileprivate let number: Int
        fileprivate let bytes: [UInt8]

        /// Nil where that saves nothing.
        public func deflated() -> RowBlock? { .deflating(bytes) }
    }

    /// Bytes up to which rows are gathered in one block: enough to repeat themselves, little enough for a copy or two.
    public static let blockSize = 256 << 10
    /// Bytes that wait as they are: an output that only stumbles costs no CPU, and 2 MiB are a tenth of the program's.
    public static let rawLimit = 2 << 20

    private let limit: Int
    /// The full blocks by their number, from `first` on without a gap.
    private var blocks: [Int: RowBlock] = [:]
    private var first = 0
    /// The block that comes after them, not yet full.
    private var tail: [UInt8] = []
    /// The numbers of the full blocks that nobody has deflated or tried to, ascending.
    private var untried: [Int] = []
    private var rawHeld = 0

    /// Bytes that it takes to hold the rows.
    public private(set) var held = 0

    /// - Parameter limit: bytes that may be held.
    public init(limit: Int) { self.limit = limit }

    /// Whether there is something to deflate.
    public var needsDeflating: Bool { rawHeld > Self.rawLimit && !untried.isEmpty }

    /// Takes whole rows. False when they do not fit.
    public mutating func append(_ rows: [UInt8]) -> Bool {
        guard held + rows.count <= limit else { return false }
        if tail.count + rows.count > Self.blockSize { endBlock() }
        // Room for the rest of the block: an array that grows by itself takes up to twice what it holds.
        if !tail.isEmpty { tail.reserveCapacity(Self.blockSize) }
        tail += rows
        held += rows.count
        rawHeld += rows.count
        return true
    }

    /// The rows that have waited longest; they are no longer held.
    public mutating func next() -> RowBlock? {
        if blocks.isEmpty { endBlock() }
        guard let block = blocks.removeValue(forKey: first) else { return nil }
        if untried.first == first { untried.removeFirst() }
        first += 1
        release(block)
        return block
    }

    /// A block to deflate while others come and go, if more wait raw than should. The latest: its turn is last.
    public mutating func nextJob() -> Job? {
        guard needsDeflating, let number = untried.popLast(), case .raw(let bytes) = blocks[number] else { return nil }
        return Job(number: number, bytes: bytes)
    }

    /// Holds what the job made in place of its block, unless that is gone by now.
    public mutating func finish(_ job: Job, _ deflated: RowBlock) {
        guard let block = blocks[job.number] else { return }
        release(block)
        blocks[job.number] = deflated
        held += deflated.size
    }

    private mutating func endBlock() {
        guard !tail.isEmpty else { return }
        let number = first + blocks.count
        blocks[number] = .raw(tail)
        untried.append(number)
        tail = []
    }

    private mutating func release(_ block: RowBlock) {
        held -= block.size
        if case .raw = block { rawHeld -= block.size }
    }
}
