package import PHPRuntime

/// A library that encrypts, whose callers' text can be read before it is encrypted. It is root's, and no other user can
/// write to it: a program is attached to its code.
public struct TLSLibrary: Sendable {
    enum Kind: Sendable {
        case openSSL, gnuTLS

        /// The functions that take clear text: SSL_write(3), gnutls_record_send(3). All have the session, the text and its
        /// size as their first three arguments. An old library has not all of them.
        var functions: [String] {
            switch self {
            case .openSSL: ["SSL_write", "SSL_write_ex"]
            case .gnuTLS: ["gnutls_record_send"]
            }
        }

        /// `libssl.so.3`, and `libssl-9ab1.so.1.1` of Python's wheels; not NSS's `libssl3.so`.
        init?(_ name: Substring) {
            guard name.contains(".so") else { return nil }
            if name.hasPrefix("libssl.so") || name.hasPrefix("libssl-") {
                self = .openSSL
            } else if name.hasPrefix("libgnutls.so") {
                self = .gnuTLS
            } else {
                return nil
            }
        }
    }

    let file: FunctionFile

    /// Whether a file is called like one, by the last part of its path.
    public static func isNamed(_ name: Substring) -> Bool { Kind(name) != nil }

    /// Nil where it is none.
    /// - Parameters:
    ///   - path: where it can be opened.
    ///   - name: what it is called.
    public init?(path: String, name: Substring) {
        guard let kind = Kind(name), let file = FunctionFile(path, functions: kind.functions) else { return nil }
        self.file = file
    }

    package var identity: FunctionFile.Identity { file.identity }
}
