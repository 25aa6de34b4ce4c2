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
