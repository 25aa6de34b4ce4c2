/// A file that holds PHP, or a program that may load libphp. All addresses are those of the ELF file: where it is loaded
/// comes on top of them.
public struct PHPBinary: Sendable, Equatable {
    public enum Kind: Sendable {
        /// php, php-fpm, php-cgi.
        case program
        /// libphp, which a host loads.
        case library
        /// A web server, without PHP of its own.
        case host
    }

    public var kind: Kind
    /// Where it was found: as the process that runs it names it, or here.
    public var path: String
    public var inode: UInt64
    /// As stat(2) gives it.
    public var device: UInt64
    /// In bytes.
    public var size: UInt64
    /// mtime, since 1970.
    public var modificationSeconds: Int64
    public var modificationNanoseconds: UInt32
    /// The file's owner.
    public var owner: UInt32
    /// Whether root alone decides what is in the file.
    public var isInstalled: Bool
    /// e_entry.
    public var entry: UInt64
    /// Of the three symbols; 0 in a host.
    public var executorGlobals: UInt64
    public var sapiGlobals: UInt64
    public var sapiModule: UInt64
    /// Of PT_DYNAMIC; 0 where there is none.
    public var dynamic: UInt64
    /// Of DT_DEBUG's d_val in the dynamic section, where ld.so leaves the address of its r_debug; 0 where there is none.
    public var debugPointer: UInt64
    /// `8.2.36`; empty in a host.
    public var version: String
    /// Nil in a host.
    public var layout: PHPLayout?
    /// Whether the layout is that of the version, and no debug build may differ from it.
    public var isVerified: Bool
}

/// What was found in one file.
public enum PHPFinding: Sendable, Equatable {
    case known(PHPBinary)
    /// It holds PHP, or is called as if it did, but its memory cannot be read. The reason is part of a sentence. The
    /// inode and device are 0 where the file cannot even be looked at.
    case unknown(path: String, inode: UInt64, device: UInt64, reason: String)
}
