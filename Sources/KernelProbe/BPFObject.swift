internal import CLibbpf
internal import Glibc

/// An opened BPF object. Owns it: when it goes, its programs and maps go.
@safe struct BPFObject: ~Copyable {
    private let pointer: OpaquePointer

    init(bytes: UnsafeRawPointer, count: Int) throws(BPFError) {
        guard let pointer = unsafe bpf_object__open_mem(bytes, count, nil) else {
            throw BPFError(operation: "open the BPF object", code: errno)
        }
        unsafe self.pointer = pointer
    }

    // No copy of the pointer leaves this type but in a program or map that it lends.
    deinit { unsafe bpf_object__close(pointer) }

    /// Writes `value` over the program's read-only data. Call before `load`.
    func configure<Value: BitwiseCopyable>(_ value: Value) throws(BPFError) {
        let map = try unsafe map(".rodata")
        let result = unsafe withUnsafeBytes(of: value) { bytes in
            unsafe bpf_map__set_initial_value(map, bytes.baseAddress, bytes.count)
        }
        try check("configure the probe", result)
    }

    /// Sets a map's size. Call before `load`.
    func resize(_ name: String, to entries: Int) throws(BPFError) {
        try check("size map \(name)", unsafe bpf_map__set_max_entries(map(name), UInt32(clamping: entries)))
    }

    /// Leaves a program out of the load.
    func leaveOut(_ name: String) throws(BPFError) {
        try check("leave out \(name)", unsafe bpf_program__set_autoload(program(name), false))
    }

    /// Leaves a map out of the load. Code that refers to it must not be reached.
    func leaveOut(map name: String) throws(BPFError) {
        try check("leave out \(name)", unsafe bpf_map__set_autocreate(map(name), false))
    }

    func load() throws(BPFError) {
        try check("load", unsafe bpf_object__load(pointer))
    }

    /// Attaches a program for as long as the link lives.
    func attach(_ name: String) throws(BPFError) -> BPFLink {
        guard let link = unsafe bpf_program__attach(try program(name)) else {
            throw BPFError(operation: "attach", code: errno)
        }
        return unsafe BPFLink(pointer: link)
    }

    /// Attaches a program that sees the segments of all processes below a cgroup, for as long as the link lives.
    func attach(_ name: String, cgroup: String) throws(BPFError) -> BPFLink {
        let directory = unsafe open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw BPFError(operation: "open \(cgroup)", code: errno) }
        // The link holds the cgroup itself.
        defer { close(directory) }
        guard let link = unsafe bpf_program__attach_cgroup(try program(name), directory) else {
            throw BPFError(operation: "attach to \(cgroup)", code: errno)
        }
        return unsafe BPFLink(pointer: link)
    }

    /// Attaches a program to the code at that place of a file, in all processes, for as long as the link lives. libbpf reads
    /// nothing of the file.
    func attach(_ name: String, at offset: UInt64, of path: String) throws(BPFError) -> BPFLink {
        let program = try unsafe program(name)
        guard let link = unsafe bpf_program__attach_uprobe(program, false, -1, path, Int(clamping: offset)) else {
            throw BPFError(operation: "attach to \(path) at \(offset)", code: errno)
        }
        return unsafe BPFLink(pointer: link)
    }

    /// Runs an iterator to its end. Returns all that it has written, `limit` bytes at most.
    func iterate(_ name: String, limit: Int) throws(BPFError) -> [UInt8] {
        guard let pointer = unsafe bpf_program__attach_iter(try program(name), nil) else {
            throw BPFError(operation: "attach \(name)", code: errno)
        }
        let link = unsafe BPFLink(pointer: pointer)
        let file = try check("open \(name)", unsafe bpf_iter_create(bpf_link__fd(link.pointer)))
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            // It reads at most what the block holds.
            let count = unsafe read(file, &block, block.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw BPFError(operation: "read \(name)", code: errno) }
            if count == 0 { break }
            bytes += block[..<count]
        }
        return bytes
    }

    func programDescriptor(_ name: String) throws(BPFError) -> Int32 {
        try check("find program \(name)", unsafe bpf_program__fd(program(name)))
    }

    func mapDescriptor(_ name: String) throws(BPFError) -> Int32 {
        try check("find map \(name)", unsafe bpf_map__fd(map(name)))
    }

    /// For whoever may outlive the object.
    func duplicateDescriptor(_ name: String) throws(BPFError) -> Int32 {
        let copy = fcntl(try mapDescriptor(name), F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw BPFError(operation: "copy the descriptor of map \(name)", code: errno) }
        return copy
    }

    private func program(_ name: String) throws(BPFError) -> OpaquePointer {
        guard let program = unsafe bpf_object__find_program_by_name(pointer, name) else {
            throw BPFError(operation: "find program \(name)", code: ENOENT)
        }
        return unsafe program
    }

    private func map(_ name: String) throws(BPFError) -> OpaquePointer {
        guard let map = unsafe bpf_object__find_map_by_name(pointer, name) else {
            throw BPFError(operation: "find map \(name)", code: ENOENT)
        }
        return unsafe map
    }
}

/// One attached program. Detaches when it goes.
@safe final class BPFLink {
    fileprivate let pointer: OpaquePointer

    init(pointer: OpaquePointer) { unsafe self.pointer = pointer }

    // The link is this value's alone.
    deinit { unsafe bpf_link__destroy(pointer) }
}
