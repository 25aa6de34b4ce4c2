public struct PHPLayout: Sendable, Equatable {
    public var series: String
    public var major, minor: UInt8
    public var currentExecuteData: UInt16
    public var opline, function, previous: UInt16
    public var functionName, scope, fileName: UInt16
    public var className: UInt16
    public var opLine: UInt16
    public var stringLength, stringValue: UInt16
    public var serverContext, requestMethod, pathTranslated, requestURI: UInt16
    public var fcgiHasEnvironment, fcgiEnvironment: UInt16
    public init(_ s: String, _ ma: UInt8, _ mi: UInt8, _ ced: UInt16, _ fn: UInt16, _ prev: UInt16) {
        series = s; major = ma; minor = mi; currentExecuteData = ced; opline = 0; function = 24; previous = prev
        functionName = 8; scope = 16; fileName = fn; className = 8; opLine = 24; stringLength = 16; stringValue = 24
        serverContext = 0; requestMethod = 8; pathTranslated = 40; requestURI = 48
        fcgiHasEnvironment = 8288; fcgiEnvironment = 8296
    }
}
public struct PHPBinary: Sendable, Equatable {
    public enum Kind: Sendable { case program, library, host }
    public var kind: Kind
    public var path: String
    public var inode: UInt64
    public var device: UInt64
    public var size: UInt64
    public var modificationSeconds: Int64
    public var modificationNanoseconds: UInt32
    public var entry: UInt64
    public var executorGlobals, sapiGlobals, sapiModule: UInt64
    public var dynamic: UInt64
    public var debugPointer: UInt64
    public var version: String
    public var layout: PHPLayout?
    public var isVerified: Bool
    public init(kind: Kind, path: String, inode: UInt64, device: UInt64, size: UInt64, modificationSeconds: Int64, modificationNanoseconds: UInt32, entry: UInt64, executorGlobals: UInt64, sapiGlobals: UInt64, sapiModule: UInt64, dynamic: UInt64, debugPointer: UInt64, version: String, layout: PHPLayout?, isVerified: Bool) {
        self.kind = kind; self.path = path; self.inode = inode; self.device = device; self.size = size
        self.modificationSeconds = modificationSeconds; self.modificationNanoseconds = modificationNanoseconds
        self.entry = entry; self.executorGlobals = executorGlobals; self.sapiGlobals = sapiGlobals; self.sapiModule = sapiModule
        self.dynamic = dynamic; self.debugPointer = debugPointer; self.version = version; self.layout = layout; self.isVerified = isVerified
    }
}

public enum PHPFinding: Sendable { case known(PHPBinary), unknown(path: String, inode: UInt64, device: UInt64, reason: String) }
public enum PHPInspector { public static func inspect(pid: UInt32) -> [PHPFinding] { [] } }
public enum PHPScanner { public static func scan() -> [PHPFinding] { [] } }
