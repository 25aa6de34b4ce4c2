internal import CLibbpf
internal import Glibc

extension Probe {
    /// Whether this kernel has the ring buffer (5.8), asked by making one. False also where that is not permitted.
    public static var hasRingBuffer: Bool {
        let map = unsafe bpf_map_create(BPF_MAP_TYPE_RINGBUF, "mailsnoop_test", 0, 0, 4096, nil)
        guard map >= 0 else { return false }
        close(map)
        return true
    }

    /// Whether connects come with their socket cookie: the function behind it is in the kernel since 5.12.
    public static var hasSocketCookies: Bool { unsafe shim_kernel_has_function("bpf_get_socket_ptr_cookie") != 0 }

    /// Whether children of PHP carry their origin: tracing programs may use task storage since 5.12.
    public static let hasOrigins = shim_may_call(BPF_PROG_TYPE_KPROBE, BPF_FUNC_task_storage_get) != 0

    /// The same for connections that are recognised by what is said on them: programs that see segments may use it
    /// in 6.18, and may not in 6.12.
    public static let hasSegmentOrigins =
        hasOrigins && shim_may_call(BPF_PROG_TYPE_CGROUP_SKB, BPF_FUNC_task_storage_get) != 0

    /// libbpf's version, `1.1`.
    public static var libraryVersion: String { "\(libbpf_major_version()).\(libbpf_minor_version())" }
}

extension Hook {
    /// Throws when the kernel surely does not take this rung. To find that out by loading the whole probe costs as much
    /// as to load it.
    func checkOffered() throws(BPFError) {
        switch self {
        case .fentry:
            // Kernels without fentry refuse the attach type before they look at the rest, which is nonsense here.
            guard shim_refuses_fentry() == 0 else {
                throw BPFError(operation: "load", code: EPERM)
            }
        case .kprobe:
            // Kernels with kprobes announce them to perf (CONFIG_KPROBE_EVENTS).
            guard unsafe access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0 else {
                throw BPFError(operation: "find kprobes (CONFIG_KPROBE_EVENTS)", code: ENOENT)
            }
        case .tpBTF: break
        }
    }
}
