/// A library that encrypts, whose callers' text can be read before it is encrypted.
public struct TLSLibrary: Sendable {
    public enum Kind: Sendable {
        case openSSL, gnuTLS

        /// The functions that take clear text: SSL_write(3), gnutls_record_send(3). All have the session, the text and its
        /// size as their first three arguments.
        var functions: [String] {
            switch self {
            case .openSSL: ["SSL_write", "SSL_write_ex"]
            case .gnuTLS: ["gnutls_record_send"]
            }
        }
    }

    public let path: String
    public let kind: Kind

    public init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}
