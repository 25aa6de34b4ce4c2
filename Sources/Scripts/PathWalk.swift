internal import CLinux
internal import Glibc
internal import MailWatch

/// The way of one path below a root directory.
///
/// Each name is opened from the directory before it, by O_NOFOLLOW: no rename by an attacker leads out of the root.
struct PathWalk {
    /// As the kernel's MAXSYMLINKS (include/linux/namei.h).
    private static let linkLimit = 40
    /// Names that are opened; enough for every path of PATH_MAX bytes. More come of links and `..` only.
    private static let stepLimit = 4096

    private static let here = [UInt8](".".utf8)
    private static let parent = [UInt8]("..".utf8)

    /// The names that are not walked yet; the next one is the last.
    private var rest: [[UInt8]] = []
    /// The names of the directories from the root to here.
    private var passed: [[UInt8]] = []
    private var links = 0
    private var steps = 0

    init(_ path: [UInt8]) { append(path) }

    /// Nil on failure, with errno.
    mutating func find(from root: borrowing Descriptor) -> Descriptor? {
        guard var directory = Self.open(Self.here, in: root, flags: O_DIRECTORY) else { return nil }
        while let name = rest.popLast() {
            if name == Self.here { continue }
            if name == Self.parent {
                goUp()
                guard let start = Self.open(Self.here, in: root, flags: O_DIRECTORY) else { return nil }
                directory = start
                continue
            }
            if !rest.isEmpty {
                // O_DIRECTORY mounts what autofs would, as a kernel's walk does.
                if let next = step(name, in: directory, flags: O_DIRECTORY) {
                    directory = next
                    passed.append(name)
                    continue
                }
                guard errno == ENOTDIR else { return nil }
            }
            guard let found = step(name, in: directory, flags: 0), let status = found.status else { return nil }
            guard status.st_mode & S_IFMT == S_IFLNK else {
                if rest.isEmpty { return found }
                errno = ENOTDIR
                return nil
            }
            guard let target = target(of: found) else { return nil }
            if Path.isAbsolute(target) {
                passed = []
                guard let start = Self.open(Self.here, in: root, flags: O_DIRECTORY) else { return nil }
                directory = start
            }
            append(target)
        }
        return directory
    }

    private mutating func append(_ path: [UInt8]) {
        var names = path.split(separator: UInt8(ascii: "/")).map(Array.init)
        if path.last == UInt8(ascii: "/") { names.append(Self.here) }
        rest += names.reversed()
    }

    /// Walks again from the root to the directory above: opening `..` would follow a directory that was moved.
    private mutating func goUp() {
        var count = 1
        while rest.last == Self.parent {
            rest.removeLast()
            count += 1
        }
        passed.removeLast(min(count, passed.count))
        rest += passed.reversed()
        passed = []
    }

    private mutating func step(_ name: [UInt8], in directory: borrowing Descriptor, flags: Int32) -> Descriptor? {
        steps += 1
        guard steps <= Self.stepLimit else {
            errno = ELOOP
            return nil
        }
        return Self.open(name, in: directory, flags: flags)
    }

    static func open(_ name: [UInt8], in directory: borrowing Descriptor, flags: Int32) -> Descriptor? {
        let name = name.map(CChar.init(bitPattern:)) + [0]
        // The name ends with NUL.
        return Descriptor(unsafe openat(directory.number, name, pathOnly | O_NOFOLLOW | O_CLOEXEC | flags))
    }

    /// What a symbolic link says.
    private mutating func target(of link: borrowing Descriptor) -> [UInt8]? {
        links += 1
        // Links of /proc may lead anywhere, whatever they say.
        guard links <= Self.linkLimit, !clinux_is_pseudo(link.number) else {
            errno = ELOOP
            return nil
        }
        guard let target = link.linkTarget("") else { return nil }
        guard !target.isEmpty else {
            errno = ENOENT
            return nil
        }
        return target
    }
}
