internal import CLibbpf
internal import CProbe
internal import Glibc
internal import HostFacts
public import MailWatch
public import PHPRuntime
internal import Synchronization

/// The PHP programs whose stacks the kernel side reads. Any thread may change them, also after the probe has gone.
///
/// There is room for a number of them, and any user can make more. What root has installed stays: the files of users make
/// room for it and for each other, those of the user with the most of them first, and take nothing that an installed file
/// is known by.
public final class PHPPrograms: Sendable {
    /// Programs of one user.
    public static let limitPerUser = 64
    public static let limit = Int(PROBE_PHP_BINARIES)

    /// What became of a program.
    public struct Outcome: Sendable {
        /// False where there is no room for it.
        public var isKept: Bool
        /// Those that made room for it.
        public var evicted: [PHPBinary]

        public init(isKept: Bool, evicted: [PHPBinary] = []) {
            self.isKept = isKept
            self.evicted = evicted
        }
    }

    private struct File: Hashable {
        let inode: UInt64
        let device: UInt32
    }

    fileprivate struct Stamp: Hashable {
        let size: UInt64
        let seconds: Int64
        let nanoseconds: UInt32
    }

    /// What the kernel side knows a program by.
    private enum Key: Hashable {
        case file(File)
        case stamp(Stamp)
        case dynamic(UInt64)
    }

    private struct State {
        /// By number, which rises with each.
        var entries: [UInt64: PHPBinary] = [:]
        var holders: [Key: UInt64] = [:]
        /// How many programs of each size are known by their stamp.
        var sizes: [UInt64: Int] = [:]
        var nextNumber: UInt64 = 0
    }

    private let maps: Maps
    private let state = Mutex(State())

    /// Descriptors of its own: a worker may come late.
    private final class Maps: Sendable {
        let binaries, stamps, sizes, libraries, refused, isAnyKnown: Int32

        init(_ object: borrowing BPFObject) throws(BPFError) {
            binaries = try object.duplicateDescriptor("php_binaries")
            stamps = try object.duplicateDescriptor("php_stamps")
            sizes = try object.duplicateDescriptor("php_sizes")
            libraries = try object.duplicateDescriptor("php_libraries")
            refused = try object.duplicateDescriptor("php_refused")
            isAnyKnown = try object.duplicateDescriptor(".data.php")
        }

        deinit { for map in [binaries, stamps, sizes, libraries, refused, isAnyKnown] { close(map) } }
    }

    init(_ object: borrowing BPFObject) throws(BPFError) { maps = try Maps(object) }

    /// Reads the stacks of this PHP from now on.
    @discardableResult
    public func learn(_ binary: PHPBinary) -> Outcome {
        state.withLock { state in
            let keys = Self.keys(of: binary)
            // The same file, as it was before.
            for key in keys {
                if let holder = state.holders[key], let known = state.entries[holder],
                    known.inode == binary.inode, known.device == binary.device
                {
                    if known == binary { return Outcome(isKept: true) }
                    remove(holder, &state)
                }
            }
            let free = keys.filter { key in
                guard let holder = state.holders[key], let known = state.entries[holder] else { return true }
                return binary.isInstalled && !known.isInstalled
            }
            guard !free.isEmpty else { return Outcome(isKept: false) }
            guard let evicted = makeRoom(for: binary, &state) else { return Outcome(isKept: false) }
            insert(binary, free, &state)
            return Outcome(isKept: true, evicted: evicted)
        }
    }

    /// Has the kernel side not ask again what this program is.
    public func refuse(_ program: ProgramEvent) {
        var file = probe_file(inode: program.inode, device: program.device, change: program.change)
        var yes: UInt8 = 1
        // Keys and values are as maps.bpf.h has them, here and below.
        _ = unsafe bpf_map_update_elem(maps.refused, &file, &yes, 0)
    }

    private static func keys(of binary: PHPBinary) -> [Key] {
        if binary.kind == .library { return [.dynamic(binary.dynamic)] }
        return [
            .file(File(inode: binary.inode, device: kernelDevice(binary.device))),
            .stamp(
                Stamp(
                    size: binary.size, seconds: binary.modificationSeconds,
                    nanoseconds: binary.modificationNanoseconds)),
        ]
    }

    /// The programs that made room; nil where there is none to be had.
    private func makeRoom(for binary: PHPBinary, _ state: inout State) -> [PHPBinary]? {
        var counts: [UInt32: Int] = [:]
        for entry in state.entries.values where !entry.isInstalled { counts[entry.owner, default: 0] += 1 }
        let owner: UInt32?
        if !binary.isInstalled, counts[binary.owner, default: 0] >= Self.limitPerUser {
            owner = binary.owner
        } else if state.entries.count < Self.limit {
            return []
        } else {
            owner = counts.max { $0.value < $1.value }?.key
        }
        guard
            let number = owner.flatMap({ owner in
                state.entries.filter { !$0.value.isInstalled && $0.value.owner == owner }.keys.min()
            }) ?? (binary.isInstalled ? state.entries.keys.min() : nil), let evicted = state.entries[number]
        else { return nil }
        remove(number, &state)
        return [evicted]
    }

    private func insert(_ binary: PHPBinary, _ keys: [Key], _ state: inout State) {
        let number = state.nextNumber
        state.nextNumber += 1
        state.entries[number] = binary
        var php = probe_php(binary)
        for key in keys {
            if let holder = state.holders[key] { remove(key, of: holder, &state) }
            state.holders[key] = number
            switch key {
            case .file(let file):
                var file = probe_file(inode: file.inode, device: file.device, change: 0)
                _ = unsafe bpf_map_update_elem(maps.binaries, &file, &php, 0)
            case .stamp(let stamp):
                var size = stamp.size
                var yes: UInt8 = 1
                state.sizes[size, default: 0] += 1
                _ = unsafe bpf_map_update_elem(maps.sizes, &size, &yes, 0)
                var stamp = probe_file_stamp(stamp)
                _ = unsafe bpf_map_update_elem(maps.stamps, &stamp, &php, 0)
            case .dynamic(var dynamic): _ = unsafe bpf_map_update_elem(maps.libraries, &dynamic, &php, 0)
            }
        }
        var zero: UInt32 = 0
        var yes: UInt64 = 1
        _ = unsafe bpf_map_update_elem(maps.isAnyKnown, &zero, &yes, 0)
    }

    private func remove(_ number: UInt64, _ state: inout State) {
        guard let binary = state.entries.removeValue(forKey: number) else { return }
        for key in Self.keys(of: binary) where state.holders[key] == number { remove(key, of: number, &state) }
    }

    /// One that has no key left is of no use, and goes when room is needed.
    private func remove(_ key: Key, of number: UInt64, _ state: inout State) {
        state.holders[key] = nil
        switch key {
        case .file(let file):
            var file = probe_file(inode: file.inode, device: file.device, change: 0)
            _ = unsafe bpf_map_delete_elem(maps.binaries, &file)
        case .stamp(let stamp):
            var size = stamp.size
            var key = probe_file_stamp(stamp)
            _ = unsafe bpf_map_delete_elem(maps.stamps, &key)
            state.sizes[size, default: 1] -= 1
            guard state.sizes[size] == 0 else { return }
            state.sizes[size] = nil
            _ = unsafe bpf_map_delete_elem(maps.sizes, &size)
        case .dynamic(var dynamic): _ = unsafe bpf_map_delete_elem(maps.libraries, &dynamic)
        }
    }
}

extension probe_file_stamp {
    fileprivate init(_ stamp: PHPPrograms.Stamp) {
        self.init(
            size: stamp.size, mtime_s: UInt64(bitPattern: stamp.seconds), mtime_ns: stamp.nanoseconds, reserved: 0)
    }
}
