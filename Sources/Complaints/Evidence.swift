/// Something that speaks for a connection being the one complained of, or against it.
public struct Evidence: Sendable, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        case time
        case sourcePort = "source-port"
        case hello = "ehlo"
        case sender
        case senderDomain = "sender-domain"
        case recipient
        case recipientDomain = "recipient-domain"
        case destination
        case destinationDomain = "destination-domain"
        case source
        case directMX = "direct-mx"
        // Against it.
        case otherHello = "other-ehlo"
        case otherSourcePort = "other-source-port"
        case otherSender = "other-sender"
        case byMailServer = "by-mail-server"

        /// What it adds to the score.
        public var points: Int {
            switch self {
            case .time: 20
            case .sourcePort: 60
            case .hello, .sender, .recipient, .destination: 30
            case .senderDomain, .recipientDomain, .destinationDomain: 10
            case .source, .directMX: 5
            case .otherHello, .otherSourcePort: -60
            case .otherSender: -10
            case .byMailServer: -60
            }
        }

        /// It comes from what was said or where it went, not from when.
        var isContent: Bool { points > 0 && self != .time && self != .source && self != .directMX }
    }

    public let code: Code
    /// For `time` fewer the farther away it is.
    public let points: Int
    /// For people. It may hold bytes of the complaint or the process: it is escaped where it is shown.
    public let sentence: [UInt8]

    init(_ code: Code, points: Int? = nil, _ sentence: [UInt8]) {
        self.code = code
        self.points = points ?? code.points
        self.sentence = sentence
    }
}
