internal import CLibbpf
internal import CProbe
internal import Glibc

/// How many connections the kernel side follows (probe_counts): it counts, and so does whoever evicts some.
@safe struct Counts: ~Copyable {
    private static let size = Int32(MemoryLayout<probe_counts>.size / MemoryLayout<UInt64>.size)

    /// followed, by_content, resumable.
    private let words: UnsafeMutablePointer<UInt64>

    init(map: Int32) throws(BPFError) {
        guard let words = unsafe shim_map_words(map, Self.size) else {
            throw BPFError(operation: "map the counts", code: errno)
        }
        unsafe self.words = words
    }

    deinit { unsafe shim_unmap_words(words, Self.size) }

    // All words lie in the map.
    var followed: Int { Int(clamping: unsafe shim_load(words)) }

    /// Takes off what was evicted.
    func subtract(followed: Int, byContent: Int, resumable: Int) {
        unsafe shim_subtract(words, UInt64(followed))
        unsafe shim_subtract(words + 1, UInt64(byContent))
        unsafe shim_subtract(words + 2, UInt64(resumable))
    }
}
