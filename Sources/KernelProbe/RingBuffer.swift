internal import CLibbpf
internal import Glibc

/// A BPF ring buffer being read. One thread reads it at a time.
@safe struct RingBuffer: ~Copyable {
    /// What libbpf's callback finds: the body of the read under way, and how many more records it may take.
    fileprivate struct Reader {
        var body: (RawSpan) -> Void
        var allowance: Int
    }

    private let ring: OpaquePointer
    /// Its address never moves: libbpf holds it.
    private let reader: UnsafeMutablePointer<Reader>

    init(map: Int32) throws(BPFError) {
        let reader = UnsafeMutablePointer<Reader>.allocate(capacity: 1)
        unsafe reader.initialize(to: Reader(body: { _ in }, allowance: 0))
        guard let ring = unsafe ring_buffer__new(map, deliver, reader, nil) else {
            let code = errno
            unsafe reader.deinitialize(count: 1).deallocate()
            throw BPFError(operation: "map the ring buffer", code: code)
        }
        unsafe self.ring = ring
        unsafe self.reader = reader
    }

    deinit {
        // The ring goes first: nothing calls back into the reader after that.
        unsafe ring_buffer__free(ring)
        unsafe reader.deinitialize(count: 1).deallocate()
    }

    /// Readable when records wait.
    var descriptor: Int32 { unsafe ring_buffer__epoll_fd(ring) }

    /// Hands the records that wait to `body`, in order and without waiting, at most `limit`. Returns how many.
    ///
    /// The span points into the kernel's ring: it is valid only inside `body`, so decode, don't keep.
    mutating func read(limit: Int, _ body: (RawSpan) -> Void) -> Int {
        withoutActuallyEscaping(body) { body in
            unsafe reader.pointee = Reader(body: body, allowance: limit)
            defer { unsafe reader.pointee.body = { _ in } }
            // It fails only where the callback does, which stops the read by EAGAIN when its allowance is spent; that
            // record has been taken all the same.
            _ = unsafe ring_buffer__consume(ring)
        }
        return unsafe limit - reader.pointee.allowance
    }
}

private func deliver(context: UnsafeMutableRawPointer?, data: UnsafeMutableRawPointer?, size: Int) -> Int32 {
    // libbpf gives back the context that it was given, and `size` bytes of one record.
    guard let context = unsafe context, let data = unsafe data else { return 0 }
    let reader = unsafe context.assumingMemoryBound(to: RingBuffer.Reader.self)
    let record = unsafe UnsafeRawBufferPointer(start: data, count: size)
    unsafe reader.pointee.body(record.bytes)
    unsafe reader.pointee.allowance -= 1
    return unsafe reader.pointee.allowance > 0 ? 0 : -EAGAIN
}
