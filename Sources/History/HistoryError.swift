internal import GRDB
internal import MailWatch

/// Why the history cannot be opened, read or written.
public struct HistoryError: Error, Equatable, CustomStringConvertible {
    public enum Cause: Sendable, Equatable {
        /// Another recorder writes to it.
        case locked
        case notPermitted
        case notWritable
        /// It is no database, or a damaged one.
        case corrupt
        case missing
        /// A later version has written it.
        case newer
        case full
        case other
    }

    public let cause: Cause
    /// A sentence for people, without a dot at the end.
    public let description: String

    init(_ cause: Cause, _ description: String) {
        self.cause = cause
        self.description = description
    }

    /// - Parameter path: of the database.
    init(_ error: any Error, path: String) {
        let path = Escaping.text(path)
        switch error {
        case let error as HistoryError: self = error
        case let error as DatabaseError:
            let reason = error.message ?? error.resultCode.description
            switch error.resultCode {
            // Every statement is the program's own: one that does not fit the tables is no mistake of a user's.
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_TOOBIG, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT,
                .SQLITE_FORMAT, .SQLITE_RANGE, .SQLITE_SCHEMA, .SQLITE_INTERNAL:
                self.init(.corrupt, "the database \(path) is damaged: \(Escaping.text(reason))")
            case .SQLITE_READONLY: self.init(.notWritable, "the database \(path) cannot be written: \(reason)")
            case .SQLITE_FULL: self.init(.full, "there is no room for the database \(path)")
            case .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN:
                self.init(.notPermitted, "the database \(path) cannot be opened: \(reason)")
            default: self.init(.other, "the database \(path): \(Escaping.text(reason))")
            }
        case is ByteReader.Malformed, is RowDecodingError:
            self.init(.corrupt, "the database \(path) is damaged: a value cannot be read")
        default: self.init(.other, "the database \(path): \(Escaping.text("\(error)"))")
        }
    }
}
