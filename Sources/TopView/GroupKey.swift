internal import MailWatch

/// Names a group among those of one grouping.
public struct GroupKey: Hashable, Sendable {
    let uid: UInt32?
    /// The same number is another user in each container.
    var user = ""
    let program: [UInt8]
    let text: [UInt8]
    let address: IPAddress?
}
