internal import MailWatch

/// What senders are told apart by.
public enum Grouping: Int, CaseIterable, Sendable {
    /// A script that a user's program runs, or the program.
    case script
    case program
    case user
    /// The FPM pool, else the systemd unit, else the container.
    case pool
    case destination

    /// As the view names it.
    var name: StaticString {
        switch self {
        case .script: "script"
        case .program: "program"
        case .user: "user"
        case .pool: "pool"
        case .destination: "destination"
        }
    }

    /// Of the column that tells one group from another.
    var title: StaticString {
        switch self {
        case .script: "SCRIPT OR COMMAND"
        case .program: "PROGRAM"
        case .user: "USER"
        case .pool: "POOL, UNIT OR CONTAINER"
        case .destination: "DESTINATION"
        }
    }

    var next: Grouping { Self(rawValue: (rawValue + 1) % Self.allCases.count)! }
    var previous: Grouping { Self(rawValue: (rawValue + Self.allCases.count - 1) % Self.allCases.count)! }

    /// The group that a connection belongs to.
    func key(of connection: Connection) -> GroupKey {
        let process = connection.process
        return switch self {
        case .script:
            GroupKey(
                uid: process.description.uid, user: process.user, program: process.program,
                text: connection.script?.path ?? [], address: nil)
        case .program: GroupKey(uid: nil, program: process.program, text: [], address: nil)
        case .user: GroupKey(uid: process.description.uid, user: process.user, program: [], text: [], address: nil)
        case .pool: GroupKey(uid: nil, program: [], text: Self.pool(of: connection), address: nil)
        case .destination:
            GroupKey(uid: nil, program: [], text: [], address: connection.destination.address)
        }
    }

    static func pool(of connection: Connection) -> [UInt8] {
        if let pool = connection.script?.context?.pool, !pool.isEmpty { return pool }
        let placement = connection.process.placement
        return Array((placement.unit ?? placement.container ?? "").utf8)
    }
}
