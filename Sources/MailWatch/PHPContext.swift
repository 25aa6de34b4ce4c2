/// What PHP was doing in a process at one moment: its stack and the request that it served. All of it is the process's
/// own memory, and so its own claim.
public struct PHPContext: Equatable, Sendable {
    /// One call, as zend_execute_data has it.
    public struct Frame: Equatable, Sendable {
        /// zend_function.type (zend_compile.h).
        public enum Kind: UInt8, Sendable {
            /// A frame without a function, as fibers and generators put between others.
            case none = 0
            /// Of PHP itself or an extension: it has neither file nor line.
            case `internal` = 1
            case user = 2
            case eval = 4
        }

        public var kind: Kind
        /// Where the code was compiled from; eval appends `(12) : eval()'d code`.
        public var file: [UInt8]
        /// 0 where it is not known.
        public var line: UInt32
        /// Empty for the main code of a file.
        public var function: [UInt8]
        /// The class that has the function as a method.
        public var scope: [UInt8]
        public var gaps: Gaps

        public init(
            kind: Kind, file: [UInt8] = [], line: UInt32 = 0, function: [UInt8] = [], scope: [UInt8] = [],
            gaps: Gaps = []
        ) {
            self.kind = kind
            self.file = file
            self.line = line
            self.function = function
            self.scope = scope
            self.gaps = gaps
        }
    }

    /// What is not as PHP had it.
    public struct Gaps: OptionSet, Sendable, Hashable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// PHP code was running, but its stack could not be read to the end.
        public static let stackUnreadable = Gaps(rawValue: 1 << 0)
        /// There were more than 32 frames; the innermost are here.
        public static let stackTruncated = Gaps(rawValue: 1 << 1)
        /// A name or path could not be read, or there was no room for it.
        public static let namesMissing = Gaps(rawValue: 1 << 2)
        /// A name was cut at its end, or a path at its beginning.
        public static let namesCut = Gaps(rawValue: 1 << 3)
        /// The request could not be read.
        public static let requestUnreadable = Gaps(rawValue: 1 << 4)
        /// Read by the offsets of another PHP version.
        public static let unverified = Gaps(rawValue: 1 << 5)
        /// No PHP code was running: between requests, or while PHP shuts down.
        public static let noFrames = Gaps(rawValue: 1 << 6)
        /// The record that held it was lost.
        public static let contextLost = Gaps(rawValue: 1 << 7)

        public static let names: [(gap: Gaps, name: StaticString)] = [
            (.stackUnreadable, "stack-unreadable"), (.stackTruncated, "stack-truncated"),
            (.namesMissing, "names-missing"), (.namesCut, "names-cut"),
            (.requestUnreadable, "request-unreadable"), (.unverified, "unverified"), (.noFrames, "no-frames"),
            (.contextLost, "context-lost"),
        ]
    }

    /// The process whose memory it is, by thread group id in the initial pid namespace, and its start in ns of
    /// CLOCK_BOOTTIME.
    public var pid: UInt32 = 0
    public var startTime: UInt64 = 0
    public var uid: UInt32?
    /// `8.2`: the PHP version, as far as it decides about offsets.
    public var version = ""
    /// sapi_module.name: `cli`, `fpm-fcgi`, `cgi-fcgi`, `apache2handler`.
    public var sapi: [UInt8] = []
    /// Of the request; all empty for the command line.
    public var method: [UInt8] = []
    public var host: [UInt8] = []
    /// The path that was asked for, with the query only where that was wished.
    public var path: [UInt8] = []
    /// The client's address.
    public var client: [UInt8] = []
    /// The entry script.
    public var script: [UInt8] = []
    /// The FPM pool.
    public var pool: [UInt8] = []
    /// Innermost first.
    public var frames: [Frame] = []
    public var gaps: Gaps = []

    public init() {}
}
