internal import Glibc
public import MailWatch

/// What this host knows of the processes on it.
public final class Host {
    private let users = UserNames()
    private let mailServers = MailServers()
    private let cgroups = CgroupTree.unified
    private let legacyCgroups = CgroupTree.legacy

    public init() {}

    public static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        // One byte is left for the NUL that gethostname may leave out.
        unsafe gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    public func place(_ process: ProcessDescription) -> Placement {
        let place = cgroupPlace(process)
        var placement = Placement(
            userName: process.uid.flatMap(users.name), effectiveUserName: process.effectiveUID.flatMap(users.name),
            unit: place.unit,
            container: place.container)
        mailServers.recognise(process, in: &placement)
        return placement
    }

    private func cgroupPlace(_ process: ProcessDescription) -> CgroupPlace {
        let path = process.cgroupPath
        // On a host where systemd manages cgroup v1 the v2 path is just the root.
        if path == [UInt8(ascii: "/")] || path.isEmpty, let legacy = process.legacyCgroupPath {
            return CgroupPlace(path: legacy, systemParts: legacyCgroups.systemParts(of: legacy))
        }
        return CgroupPlace(path: path, systemParts: cgroups.systemParts(of: path))
    }
}

/// The first `limit` bytes of a file, nil where it cannot be read: errno then says why.
package func readFile(_ path: String, limit: Int) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
        // read writes at most what is left of the buffer.
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress! + count, limit - count) }
        if got < 0 { return nil }
        if got == 0 { break }
        count += got
    }
    return Array(bytes[..<count])
}
