/// A library that a process has loaded, as proc(5) tells of it in /proc/PID/maps.
package struct MappedLibrary: Equatable {
    /// `7f0c…-7f0d…`.
    var range: String
    package var inode: UInt64
    /// As the process names it, or with ` (deleted)` behind it.
    package var path: String

    private static let maximumMaps = 16 << 20

    /// - Parameter isWanted: of the last part of its path.
    package static func all(of pid: UInt32, named isWanted: (Substring) -> Bool) -> [MappedLibrary] {
        parse(readText("/proc/\(pid)/maps", limit: maximumMaps), named: isWanted)
    }

    /// Each file once.
    static func parse(_ maps: [UInt8], named isWanted: (Substring) -> Bool) -> [MappedLibrary] {
        var libraries: [MappedLibrary] = []
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            // Most lines are of something else, and this is quick.
            guard let slash = line.lastIndex(of: UInt8(ascii: "/")),
                isWanted(Substring(decoding: line[(slash + 1)...].prefix(255), as: UTF8.self))
            else { continue }
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count == 6 else { continue }
            let path = String(decoding: fields[5].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
            guard let inode = UInt64(String(decoding: fields[4], as: UTF8.self)),
                !libraries.contains(where: { $0.inode == inode && $0.path == path })
            else { continue }
            libraries.append(
                MappedLibrary(range: String(decoding: fields[0], as: UTF8.self), inode: inode, path: path))
        }
        return libraries
    }

    /// Where it can be opened. /proc/PID/map_files has the very file but asks for CAP_SYS_ADMIN (or
    /// CAP_CHECKPOINT_RESTORE); the name may mean another file by now, which is then one more that is looked at.
    package func place(in pid: UInt32) -> String {
        let mapped = "/proc/\(pid)/map_files/\(range)"
        return FileIdentity(mapped) != nil ? mapped : "/proc/\(pid)/root\(path)"
    }
}
