internal import Glibc

/// User names by number and numbers by name, each asked for once (getpwuid_r(3), so by the order of nsswitch.conf).
public final class UserNames {
    private var names: [UInt32: String?] = [:]

    public init() {}

    /// Nil where the user has no name.
    public func name(_ uid: UInt32) -> String? {
        if let known = names[uid] { return known }
        let found = unsafe Self.find { entry, buffer, size, result in
            unsafe getpwuid_r(uid, entry, buffer, size, result)
        } read: {
            unsafe String(cString: $0.pw_name)
        }
        names[uid] = .some(found)
        return found
    }

    /// The number of a user given by name or number. Nil where there is no such name.
    public static func uid(_ user: String) -> UInt32? {
        if user.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return UInt32(user) }
        return unsafe find { entry, buffer, size, result in
            unsafe getpwnam_r(user, entry, buffer, size, result)
        } read: {
            unsafe $0.pw_uid
        }
    }

    private static func find<Result>(
        _ call: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32,
        read: (passwd) -> Result
    ) -> Result? {
        var entry = unsafe passwd()
        var result: UnsafeMutablePointer<passwd>?
        // An entry larger than this is none that a name can be read from.
        var buffer = [CChar](repeating: 0, count: 16_384)
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            // The strings in the entry lie in the buffer, and are copied before it goes.
            guard unsafe call(&entry, buffer.baseAddress!, buffer.count, &result) == 0, unsafe result != nil
            else { return nil }
            return unsafe read(entry)
        }
    }
}
