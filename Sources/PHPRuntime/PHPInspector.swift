internal import Glibc

/// Reads one file, or those of one process.
public enum PHPInspector {
    private static let maximumSize: Int64 = 512 << 20
    private static let globals = ["executor_globals", "sapi_globals", "sapi_module"]

    /// Why a file's PHP cannot be read.
    private struct Obstacle: Error {
        var reason: String
        /// Whether there is PHP in it for sure, whatever it is called.
        var holdsPHP = true
    }

    /// What is in a file. Nil where it has nothing to do with PHP: it is neither PHP nor called so, or a script, or
    /// gone.
    ///
    /// - Parameter shownAs: the path to judge by and to name; nil for that of the file.
    public static func inspect(path: String, shownAs: String? = nil) -> PHPFinding? {
        let shown = shownAs ?? path
        return inspect(path: path, shownAs: shown, isHost: PHPNames.isHost(PHPNames.fileName(shown)))
    }

    /// The program of a process, by /proc, and the libphp that it has loaded. Works for files that were deleted or lie
    /// in another mount namespace.
    ///
    /// - Parameter pid: a process id as /proc has it.
    public static func inspect(pid: UInt32) -> [PHPFinding] {
        inspect(pid: pid, look: inspect)
    }

    /// - Parameter look: gets where a file is, the path to show, and whether it is a host; finds what is in it.
    static func inspect(pid: UInt32, look: (String, String, Bool) -> PHPFinding?) -> [PHPFinding] {
        let program = "/proc/\(pid)/exe"
        guard let target = linkTarget(program) else { return [] }
        let own = look(program, target, PHPNames.isHost(PHPNames.fileName(target)))
        if case .known(let binary) = own, binary.kind == .program { return [.known(binary)] }
        let libraries = MappedLibrary.all(of: pid, named: PHPNames.isLibrary).compactMap {
            look($0.place(in: pid), $0.path, false)
        }
        // Whatever it is called, it has PHP loaded.
        let host = libraries.isEmpty ? own : look(program, target, true)
        return (host.map { [$0] } ?? []) + libraries
    }

    static func inspect(path: String, shownAs shown: String, isHost: Bool) -> PHPFinding? {
        let name = PHPNames.fileName(shown)
        let isNamedPHP = PHPNames.isProgram(name) || PHPNames.isLibrary(name)
        var identity = FileIdentity(inode: 0, device: 0)
        do {
            let file = try OpenFile(path)
            identity = FileIdentity(inode: UInt64(file.status.st_ino), device: UInt64(file.status.st_dev))
            if file.read(2, at: 0).elementsEqual("#!".utf8) { return nil }
            return .known(try examine(file, path: shown, isHost: isHost))
        } catch let obstacle as Obstacle {
            guard isNamedPHP || obstacle.holdsPHP else { return nil }
            return .unknown(
                path: shown, inode: identity.inode, device: identity.device, reason: obstacle.reason)
        } catch let failure as OpenFile.Failure {
            guard isNamedPHP, ![ENOENT, ENOTDIR, ESRCH].contains(failure.code) else { return nil }
            identity = FileIdentity(path) ?? identity
            // strerror's text stays until this thread's next call.
            let reason = unsafe "cannot be read: \(String(cString: strerror(failure.code)))"
            return .unknown(path: shown, inode: identity.inode, device: identity.device, reason: reason)
        } catch {
            return nil
        }
    }

    private static func examine(_ file: borrowing OpenFile, path: String, isHost: Bool) throws -> PHPBinary {
        guard Int64(file.status.st_size) <= maximumSize else {
            throw Obstacle(reason: "larger than \(maximumSize >> 20) MiB", holdsPHP: false)
        }
        guard let elf = ELFFile(file) else {
            throw Obstacle(reason: "not an ELF program of \(ELFFile.machine)", holdsPHP: false)
        }
        var binary = PHPBinary(
            kind: .host, path: path, inode: UInt64(file.status.st_ino), device: UInt64(file.status.st_dev),
            size: UInt64(file.status.st_size), modificationSeconds: Int64(file.status.st_mtim.tv_sec),
            modificationNanoseconds: UInt32(clamping: file.status.st_mtim.tv_nsec), owner: file.status.st_uid,
            isInstalled: file.isInstalled, entry: elf.entry,
            executorGlobals: 0, sapiGlobals: 0, sapiModule: 0, dynamic: elf.dynamic?.address ?? 0,
            debugPointer: elf.debugPointer(file) ?? 0, version: "", layout: nil, isVerified: false)
        let symbols = elf.symbols(globals, .object, in: file)
        let constants = elf.constants()
        let version = file.first(behind: "X-Powered-By: PHP/", in: constants, parse: PHPVersion.init)
        if version == nil, symbols[globals[0]] == nil {
            if isHost { return binary }
            throw Obstacle(reason: "it is called like PHP but holds none", holdsPHP: false)
        }

        let build = file.first(behind: "API", in: constants, parse: PHPBuild.init)
        if build?.isThreadSafe == true {
            throw Obstacle(reason: "thread-safe build (ZTS): its globals lie in thread-local storage")
        }
        guard let version else { throw Obstacle(reason: "its version cannot be told") }
        guard let (layout, isVerified) = PHPLayout.layout(major: version.major, minor: version.minor) else {
            throw Obstacle(reason: "PHP \(version.major).\(version.minor) is older than 7.0")
        }
        binary.kind = elf.isProgram ? .program : .library
        binary.version = version.text
        binary.layout = layout
        binary.isVerified = isVerified && build?.isDebug != true
        // Each with the last pointer that is read of it.
        func address(_ index: Int, last: UInt16) throws -> UInt64 {
            guard let symbol = symbols[globals[index]] else {
                throw Obstacle(reason: "stripped: it has no symbol \(globals[index])")
            }
            guard symbol.size >= UInt64(last) + 8, symbol.size <= 64 << 10, elf.isData(symbol) else {
                throw Obstacle(reason: "its symbol \(globals[index]) cannot be right")
            }
            return symbol.address
        }
        binary.executorGlobals = try address(0, last: layout.currentExecuteData)
        binary.sapiGlobals = try address(1, last: layout.requestURI)
        binary.sapiModule = try address(2, last: 0)
        return binary
    }
}
