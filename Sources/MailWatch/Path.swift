/// Paths as bytes, as the kernel and PHP give them. Nothing here looks at a file system.
public enum Path {
    /// PATH_MAX less the NUL: no longer path can be opened.
    public static let limit = 4095

    /// What stands between the slashes.
    public static func components(_ path: [UInt8]) -> [ArraySlice<UInt8>] { path.split(separator: UInt8(ascii: "/")) }

    public static func isAbsolute(_ path: [UInt8]) -> Bool { path.first == UInt8(ascii: "/") }

    /// What stands behind the last slash.
    public static func name(_ path: [UInt8]) -> ArraySlice<UInt8> {
        path.suffix(from: (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
    }

    /// `/a/b` of `["a", "b"]`, and `/` of nothing.
    public static func absolute(_ components: some Sequence<ArraySlice<UInt8>>) -> [UInt8] {
        var path: [UInt8] = []
        for component in components {
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: component)
        }
        return path.isEmpty ? [UInt8(ascii: "/")] : path
    }

    /// The absolute path that leads from a directory without symbolic links to `path`. `.` and empty components are left
    /// out, and `..` only where it comes first: after a name it goes to where that leads, which may be a symbolic link.
    /// Nil where the path is relative to no absolute directory, too long or empty.
    public static func join(_ path: some Collection<UInt8>, to directory: [UInt8]) -> [UInt8]? {
        guard let first = path.first, directory.count + path.count <= 2 * limit else { return nil }
        let isRelative = first != UInt8(ascii: "/")
        guard !isRelative || isAbsolute(directory) else { return nil }
        var kept = isRelative ? components(directory) : []
        var hasName = false
        for component in components(Array(path)) where !component.elementsEqual(".".utf8) {
            if component.elementsEqual("..".utf8), !hasName {
                _ = kept.popLast()
            } else {
                hasName = true
                kept.append(component)
            }
        }
        let joined = absolute(kept)
        return joined.count <= limit ? joined : nil
    }

    /// `path` as a process with that root directory names it. Nil where it is not below the root.
    static func below(_ root: [UInt8], _ path: [UInt8]) -> [UInt8]? {
        let above = components(root)
        let all = components(path)
        return isAbsolute(path) && all.starts(with: above) ? absolute(all.dropFirst(above.count)) : nil
    }

    /// The absolute path without `.`, `..` and empty components; nil where it is relative to no absolute directory, too
    /// long or empty. `..` behind a symbolic link goes elsewhere in the kernel: such a path is not the file's.
    public static func resolve(_ path: some Collection<UInt8>, in directory: [UInt8]) -> [UInt8]? {
        guard let first = path.first else { return nil }
        var whole: [UInt8] = []
        if first != UInt8(ascii: "/") {
            guard isAbsolute(directory) else { return nil }
            whole += directory
            whole.append(UInt8(ascii: "/"))
        }
        guard whole.count + path.count <= 2 * limit else { return nil }
        whole += path
        var kept: [ArraySlice<UInt8>] = []
        for component in components(whole) where !component.elementsEqual(".".utf8) {
            if component.elementsEqual("..".utf8) {
                _ = kept.popLast()
            } else {
                kept.append(component)
            }
        }
        let resolved = absolute(kept)
        return resolved.count <= limit ? resolved : nil
    }
}
