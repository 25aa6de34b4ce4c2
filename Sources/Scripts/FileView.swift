/// What the detector sees of a file system: that of the process, below its root.
public struct FileView {
    /// Whether there is anything of that absolute path.
    public var exists: (_ path: [UInt8]) -> Bool
    /// The first bytes of a regular file, at most `limit`; nil where it cannot be read.
    public var read: (_ path: [UInt8], _ limit: Int) -> [UInt8]?

    public init(exists: @escaping ([UInt8]) -> Bool, read: @escaping ([UInt8], Int) -> [UInt8]?) {
        self.exists = exists
        self.read = read
    }
}
