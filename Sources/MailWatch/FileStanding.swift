/// Whether a file that a process names is this host's own, and who can change it.
///
/// A path alone proves nothing: a process may have another file at it, in a mount namespace of its own.
public enum FileStanding: Hashable, Sendable {
    /// Not looked at, or not known.
    case unknown
    /// Not the file that this host has at that path.
    case foreign
    /// The host's own file. Only root and `owner` can write it or replace it.
    case own(owner: UInt32)
    /// The host's own file, but more users than one besides root can write it or replace it.
    case writable
    /// It was the host's own file when the program started. Root has put another one in its place since: an upgrade.
    case former

    /// Who can change the file besides root; nil where it is not the host's, or where others can change it.
    var owner: UInt32? {
        switch self {
        case .own(let owner): owner
        case .former: 0
        case .unknown, .foreign, .writable: nil
        }
    }
}
