internal import Synchronization

/// What is known of a script's file, read some moments after the connect: it may have changed since.
public struct ScriptFacts: Equatable, Sendable {
    /// Why there is nothing, or not all.
    public enum Obstacle: String, Sendable {
        /// There is no such file (any more).
        case missing
        /// The process has ended, and its files are in another mount namespace.
        case outOfReach = "out-of-reach"
        /// It cannot be opened or read, or is no regular file.
        case unreadable
        /// Too large to be hashed.
        case tooLarge = "too-large"
        /// The file system did not answer in time.
        case timedOut = "timed-out"
        /// The path is relative, and to which directory is not known.
        case unknownDirectory = "unknown-directory"
        /// Its user had more files to read than could be read in time.
        case tooMany = "too-many"
    }

    public var obstacle: Obstacle?
    public var uid: UInt32?
    /// The owner's name; nil where it has none.
    public var owner: String?
    /// In bytes.
    public var size: UInt64?
    /// mtime, in ns since 1970.
    public var modificationTime: UInt64?
    /// SHA-256, 32 bytes.
    public var sha256: [UInt8]?
    public var application: WebApplication?
    /// Whether the file is this host's own.
    public var standing = FileStanding.unknown

    public init() {}

    public init(obstacle: Obstacle) { self.obstacle = obstacle }
}

/// The web application that a script belongs to.
public struct WebApplication: Equatable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case wordPress = "WordPress"
        case joomla = "Joomla"
        case drupal = "Drupal"
        case magento = "Magento"
        case prestaShop = "PrestaShop"
        case laravel = "Laravel"
        case symfony = "Symfony"
        /// None that is known: the root is the document root, as far as that can be told.
        case plain
    }

    /// The part of the application that the script is in.
    public struct Component: Equatable, Sendable {
        public enum Kind: String, Sendable {
            case plugin
            case theme
            case module
            /// Below a folder that visitors can fill: no script belongs there.
            case uploads
            case vendor
        }

        public var kind: Kind
        /// Its folder's name; empty for uploads.
        public var name: [UInt8]

        public init(kind: Kind, name: [UInt8]) {
            self.kind = kind
            self.name = name
        }
    }

    public var kind: Kind
    public var version: String?
    /// The folder, as the process names it.
    public var root: [UInt8]
    public var component: Component?

    public init(kind: Kind, version: String? = nil, root: [UInt8], component: Component? = nil) {
        self.kind = kind
        self.version = version
        self.root = root
        self.component = component
    }
}

/// The script behind a connection.
public final class Script: Sendable {
    /// How it is known.
    public enum Evidence: String, Sendable {
        /// From PHP's own stack, in the process that connects.
        case stack
        /// From the stack of the PHP process that started this one, or one of those above it.
        case origin
        /// From argv and the working directory: what the process says of itself.
        case argv
    }

    private static let made = Atomic<UInt64>(0)

    /// Another one for each object.
    public let serial: UInt64
    public let evidence: Evidence
    /// As the process names it. Relative where the directory is not known, and begins with `...` where its beginning is
    /// not; empty where nothing is known.
    public let path: [UInt8]
    /// In the file at `path`; 0 where it is not known.
    public let line: UInt32
    public let context: PHPContext?
    private let found: Late<ScriptFacts>?

    /// Of a process that argv or PHP's memory tells about.
    public convenience init(
        evidence: Evidence, path: [UInt8], line: UInt32 = 0, context: PHPContext?, facts: ScriptFacts?
    ) {
        self.init(evidence: evidence, path: path, line: line, context: context, found: facts.map { Late($0) })
    }

    /// - Parameter found: what is known of its file, which may be found out later.
    init(evidence: Evidence, path: [UInt8], line: UInt32 = 0, context: PHPContext?, found: Late<ScriptFacts>?) {
        serial = Self.made.add(1, ordering: .relaxed).newValue
        self.evidence = evidence
        self.path = path
        self.line = line
        self.context = context
        self.found = found
    }

    public var facts: ScriptFacts? { found?.value }

    var isSettled: Bool { found?.isSettled ?? true }

    func giveUp() { found?.giveUp() }

    /// Of a PHP context: the culprit's file and line, or the entry script where there is no stack.
    public convenience init(evidence: Evidence, context: PHPContext, facts: ScriptFacts?) {
        self.init(evidence: evidence, context: context, found: facts.map { Late($0) })
    }

    convenience init(evidence: Evidence, context: PHPContext, found: Late<ScriptFacts>?) {
        self.init(
            evidence: evidence, path: context.culpritPath, line: context.culpritFrame?.sourceLine ?? 0,
            context: context,
            found: found)
    }

    /// The line within the code that `line` has compiled from text, as by eval; nil for code of the file itself.
    public var evaluatedLine: UInt32? { context?.culpritFrame?.evaluatedLine }
}

extension PHPContext {
    /// The frame that stands for the stack.
    public var culpritFrame: Frame? { culprit.map { frames[$0] } }

    /// The file that stands for the stack; the entry script where there is none.
    var culpritPath: [UInt8] { culpritFrame.map(\.sourceFile) ?? script }
}
