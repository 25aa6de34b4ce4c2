extension Connection {
    /// As it was written down.
    package init(
        recorded id: UInt64, process: Process, php: Script?, origin: Script?, thread: UInt32, threadName: [UInt8],
        source: Endpoint, destination: Endpoint, connectTime: UInt64, state: ConnectionState
    ) {
        self.init(
            ConnectEvent(
                time: connectTime, connection: id, identity: 0, description: nil, source: source,
                destination: destination, thread: thread, threadName: threadName, isFollowed: true),
            process: process, php: php, origin: origin)
        self.state = state
    }

    /// As it was when it began, but for the verdict.
    package var begun: Connection {
        var begun = self
        begun.state = .connecting
        begun.recall(
            establishedTime: nil, endTime: nil, error: 0, cookie: 0, bytesSent: 0, bytesReceived: 0, dialogue: nil,
            judgement: judgement)
        return begun
    }

    /// How it went on.
    package mutating func recall(
        establishedTime: UInt64?, endTime: UInt64?, error: Int32, cookie: UInt64, bytesSent: UInt64,
        bytesReceived: UInt64, dialogue: SMTPDialogue?, judgement: Judgement
    ) {
        self.establishedTime = establishedTime
        self.endTime = endTime
        self.error = error
        self.cookie = cookie
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.dialogue = dialogue
        self.judgement = judgement
    }
}

extension IPAddress {
    /// In network byte order: four bytes for IPv4, sixteen for IPv6.
    package var bytes: [UInt8] {
        let halves = [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
        return isIPv4 ? Array(halves.suffix(4)) : halves
    }

    /// Nil where they are neither four nor sixteen.
    package init?(bytes: [UInt8]) {
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(ipv4: UInt32(number(bytes)))
        case 16: self.init(high: number(bytes.prefix(8)), low: number(bytes.suffix(8)))
        default: return nil
        }
    }
}
