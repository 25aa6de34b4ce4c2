public import MailWatch

/// Tells the web application that a script belongs to, by what lies in the folders above it. It runs none of its code.
///
/// Who can write into a folder can make it look like an application of its own: then the root that is shown lies below
/// the real one, and its path says so.
public struct WebApplicationDetector {
    /// Folders above one path that are looked at.
    static let levelLimit = 32
    static let probeLimit = 1024
    static let otherLimit = 8
    /// Of a file that tells the version, in bytes.
    static let readLimit = 65_536

    private let files: FileView

    public init(_ files: FileView) { self.files = files }

    /// The application of the script at `path`, absolute.
    /// - Parameter others: paths to look at where the folders above the script say nothing: the entry script, and those
    ///   of other frames. Debian's plugins, for one, are outside of WordPress's folder.
    public func application(of path: [UInt8], others: [[UInt8]] = []) -> WebApplication? {
        // What `..` leads to behind a symbolic link is not above the script.
        guard !Path.components(path).contains(where: { $0.elementsEqual("..".utf8) }),
            let path = Path.resolve(path, in: [])
        else { return nil }
        var search = Search(files: files)
        for start in [path] + others.prefix(Self.otherLimit).compactMap({ Path.resolve($0, in: []) }) {
            guard let (signature, root) = search.known(above: start) else { continue }
            let version = signature.versions.lazy.compactMap { source in
                files.read(child(source.file, of: root), Self.readLimit).flatMap(source.version)
            }.first
            return WebApplication(
                kind: signature.kind, version: version, root: root, component: signature.component(of: path, root: root)
            )
        }
        let root = search.documentRoot(above: path)
        return WebApplication(
            kind: .plain, root: root, component: ApplicationSignature.plain.component(of: path, root: root))
    }

    private struct Search {
        let files: FileView
        var seen: Set<[UInt8]> = []
        var probes = 0

        mutating func known(above path: [UInt8]) -> (ApplicationSignature, root: [UInt8])? {
            for folder in folders(above: path) where seen.insert(folder).inserted {
                for signature in ApplicationSignature.all
                where signature.markers.contains(where: { $0.allSatisfy { exists($0, in: folder) } }) {
                    return (signature, folder)
                }
            }
            return nil
        }

        mutating func documentRoot(above path: [UInt8]) -> [UInt8] {
            let folders = folders(above: path)
            let marks = ["index.php", "index.html", ".htaccess", ".user.ini", "composer.json"]
            return folders.first { folder in marks.contains { exists($0, in: folder) } } ?? folders[0]
        }

        private mutating func exists(_ name: String, in folder: [UInt8]) -> Bool {
            probes += 1
            return probes <= WebApplicationDetector.probeLimit && files.exists(child(name, of: folder))
        }

        /// Nearest first.
        private func folders(above path: [UInt8]) -> [[UInt8]] {
            var components = Path.components(path)[...]
            var folders: [[UInt8]] = []
            repeat {
                components = components.dropLast()
                folders.append(Path.absolute(components))
            } while !components.isEmpty && folders.count < WebApplicationDetector.levelLimit
            return folders
        }
    }
}

private func child(_ name: String, of folder: [UInt8]) -> [UInt8] {
    (folder.last == UInt8(ascii: "/") ? folder : folder + [UInt8(ascii: "/")]) + Array(name.utf8)
}

extension ApplicationSignature {
    /// The part of the application that the path is in.
    func component(of path: [UInt8], root: [UInt8]) -> WebApplication.Component? {
        var components = Path.components(path)[...]
        let above = Path.components(root)
        if components.starts(with: above) {
            components = components.dropFirst(above.count)
        } else if kind == .wordPress {
            // Its content may lie elsewhere.
            components = components.drop { !$0.elementsEqual("wp-content".utf8) }
        } else {
            return nil
        }
        return places.lazy.compactMap { $0.component(components) }.first
    }
}

extension ApplicationSignature.Place {
    fileprivate func component(_ components: ArraySlice<ArraySlice<UInt8>>) -> WebApplication.Component? {
        // A plugin may be a file by itself; anything else is a folder.
        guard components.count >= pattern.count + (kind == .plugin ? 0 : 1) else { return nil }
        var name: [ArraySlice<UInt8>] = []
        for (part, component) in zip(pattern, components) {
            if part == "*" {
                name.append(component)
            } else if part != "?" && !component.elementsEqual(part.utf8) {
                return nil
            }
        }
        return WebApplication.Component(
            kind: kind, name: kind == .uploads ? [] : Array(name.joined(separator: [UInt8(ascii: "/")])))
    }
}
