import Glibc

/// Memory in front of a page that nobody may touch: who reads one byte behind a record is killed.
@safe struct GuardedMemory: ~Copyable {
    static let capacity = 4096
    private let pages: UnsafeMutableRawPointer

    init() {
        unsafe pages = mmap(nil, Self.capacity * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(unsafe pages != MAP_FAILED && mprotect(pages + Self.capacity, Self.capacity, PROT_NONE) == 0)
    }

    // Nothing that is lent outlives the closure that it is lent to.
    deinit { unsafe munmap(pages, Self.capacity * 2) }

    /// Lends the last `count` bytes in front of the forbidden page.
    func withBytes<Result>(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        precondition(count <= Self.capacity)
        let start = unsafe pages + Self.capacity - count
        return unsafe body(UnsafeMutableRawBufferPointer(start: start, count: count))
    }
}
