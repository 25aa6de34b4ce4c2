/// Gives each connection its verdict.
///
/// It remembers which sender went where in the last minute, bounded by `senderLimit`.
public struct Judge: Sendable {
    /// Senders whose destinations are told apart, and twice as many processes and scripts.
    public static let senderLimit = 4096
    /// More than this many bytes are no EHLO, AUTH and QUIT alone: the kernel side reads no further without a command.
    private static let helloBytes: UInt64 = 1024

    public var policy: Policy { didSet { forget() } }
    public var host: HostIdentity { didSet { forget() } }

    /// What decides without a dialogue: two connections of one process that share it are judged alike.
    struct Cause: Equatable {
        var verdict: Verdict
        var code: Reason.Code
        var port: UInt16
        var isWide = false
    }

    private struct Serial: Hashable { let process, script: UInt64 }

    private var profiles: [Serial: SenderProfile] = [:]
    private var fanOut = FanOut(senderLimit: senderLimit)
    /// Names of this host in lower case, as bytes.
    private var names: Set<[UInt8]> = []

    public init(policy: Policy = Policy(), host: HostIdentity = HostIdentity()) {
        self.policy = policy
        self.host = host
        forget()
    }

    /// To be called at each change of the connection.
    public mutating func judge(_ connection: Connection) -> Judgement {
        var index = profileIndex(of: connection)
        var cause = worst(connection, decide(connection, trust: profiles.values[index].trust))
        index = profileIndex(of: connection)
        cause.isWide = isWide(connection, cause, index)
        // What is judged by the process and the cause alone.
        let isPlain =
            connection.dialogue == nil && !connection.beganBefore && connection.formerProcesses.isEmpty
            && !connection.isByContent
        if isPlain, let known = profiles.values[index].judgement(of: cause) { return known }
        var judgement = Judgement(cause.verdict)
        judgement.reasons.reserveCapacity(6)
        appendDeciding(cause, connection, to: &judgement.reasons)
        judgement.reasons += profiles.values[index].reasons
        if let reason = foreignName(connection, cause) { judgement.reasons.append(reason) }
        if cause.isWide { judgement.reasons.append(spread(connection)) }
        if connection.beganBefore { judgement.reasons.append(Reason(.beganBefore, program: [])) }
        if let connector = connection.formerProcesses.first {
            judgement.reasons.append(talker(connection, after: connector))
        } else if let maker = socketMaker(of: connection) {
            judgement.reasons.append(
                Reason(.otherTalker, program: connection.process.program, name: Array("a process of uid \(maker)".utf8))
            )
        }
        if isPlain { profiles.values[index].remember(judgement, of: cause) }
        return judgement
    }

    /// A connection that several processes have had is trusted only where each of them is.
    private mutating func worst(_ connection: Connection, _ cause: Cause) -> Cause {
        guard cause.verdict == .mta else { return cause }
        for process in connection.formerProcesses {
            let former = connection.asFormer(process)
            let other = decide(former, trust: profiles.values[profileIndex(of: former)].trust)
            if other.verdict != .mta { return other }
        }
        return cause
    }

    private mutating func forget() {
        profiles = [:]
        fanOut.reset()
        names = Set(host.names.union(policy.hostNames).map { Array($0.lowercased().utf8) })
    }

    private mutating func profileIndex(of connection: Connection) -> Dictionary<Serial, SenderProfile>.Index {
        let serial = Serial(process: connection.process.serial, script: connection.script?.serial ?? 0)
        if let index = profiles.index(forKey: serial) { return index }
        // Only a short cut: bounded by beginning anew.
        if profiles.count >= 2 * Self.senderLimit { profiles = [:] }
        profiles[serial] = SenderProfile(connection, policy: policy)
        return profiles.index(forKey: serial)!
    }
}

// The verdict.
extension Judge {
    private func decide(_ connection: Connection, trust: SenderProfile.Trust) -> Cause {
        let dialogue = connection.dialogue
        let proxy = dialogue?.proxy
        let port = proxy?.port ?? connection.destination.port
        func cause(_ verdict: Verdict, _ code: Reason.Code) -> Cause { Cause(verdict: verdict, code: code, port: port) }

        if connection.state == .handedOver { return cause(.local, .handedOver) }
        if proxy == nil {
            let address = connection.destination.address
            if address.isLoopback { return cause(.local, .loopback) }
            if host.addresses.contains(address)
                || (connection.source.port != 0 && connection.source.address == address)
            {
                return cause(.local, .ownAddress)
            }
        }
        if connection.process.placement.mailServer?.standing == .installed { return cause(.mta, .installedMTA) }
        switch trust {
        case .none: break
        case .anywhere: return cause(.mta, .trusted)
        case .networks(let networks):
            // Behind a proxy only an address tells where it goes.
            let address =
                proxy.map { IPAddress(String(decoding: $0.host, as: UTF8.self)) } ?? connection.destination.address
            if let address, networks.contains(where: { $0.contains(address) }) { return cause(.mta, .trusted) }
        }
        if policy.submissionPorts.contains(port) { return cause(.smarthost, .submissionPort) }
        // Mail that was recognised, and then not followed for want of room, is mail all the same.
        let isUnfollowedMail = connection.isByContent && connection.state == .unknown
        guard policy.deliveryPorts.contains(port) || dialogue?.isMail == true || isUnfollowedMail else {
            return cause(.unknown, .nothingSaid)
        }
        return outcome(connection, cause)
    }

    /// What came of a connection to a mail host.
    private func outcome(_ connection: Connection, _ cause: (Verdict, Reason.Code) -> Cause) -> Cause {
        let dialogue = connection.dialogue
        if let dialogue, dialogue.messages > 0 { return cause(.directMX, .remoteMX) }
        if let dialogue, dialogue.gaps.contains(.encrypted) { return cause(.directMX, .encrypted) }
        if !connection.state.hasEnded { return cause(.unknown, .nothingSaid) }
        // Nobody followed it to its end.
        if connection.state == .unknown { return cause(.directMX, .dialogueNotSeen) }
        if connection.establishedTime == nil { return cause(.directMX, .notEstablished) }
        if let dialogue, dialogue.isRefused { return cause(.directMX, .rejected) }
        if connection.bytesSent == 0 { return cause(.probe, .closedBeforeMail) }
        guard let dialogue, dialogue.hello != nil || dialogue.saidQuit, !dialogue.gaps.contains(.bytesMissing),
            connection.bytesSent <= Self.helloBytes
        else { return cause(.directMX, .dialogueNotSeen) }
        return cause(.probe, .closedBeforeMail)
    }
}

// The reasons.
extension Judge {
    private func appendDeciding(_ cause: Cause, _ connection: Connection, to reasons: inout [Reason]) {
        let dialogue = connection.dialogue
        let program = connection.process.program
        let port = cause.port
        if let proxy = dialogue?.proxy {
            reasons.append(Reason(.viaProxy, program: program, number: port, name: proxy.host))
        }
        if cause.verdict == .directMX {
            let isOdd = !policy.deliveryPorts.contains(port)
            reasons.append(Reason(isOdd ? .oddPort : .remoteMX, program: program, number: port))
        }
        switch cause.code {
        case .remoteMX: break
        case .installedMTA:
            let name = connection.process.placement.mailServer?.name ?? ""
            reasons.append(Reason(.installedMTA, program: program, name: Array(name.utf8)))
        case .rejected:
            let reply = [dialogue?.lastReply, dialogue?.greeting].compactMap { $0 }.first { $0.code >= 400 }
            reasons.append(
                Reason(.rejected, program: program, number: reply?.code ?? 0, name: reply?.text ?? []))
        default: reasons.append(Reason(cause.code, program: program, number: port))
        }
        if cause.verdict == .directMX {
            reasons.append(Reason(.noMailServer, program: program))
        } else if let dialogue, cause.verdict == .smarthost, dialogue.messages > 0, !dialogue.isEncrypted,
            dialogue.authMechanism.isEmpty
        {
            reasons.append(Reason(.submissionWithoutAuth, program: program, number: port))
        }
    }

    /// What the client calls itself, where the host is not called so.
    private func foreignName(_ connection: Connection, _ cause: Cause) -> Reason? {
        guard cause.verdict != .mta, cause.verdict != .local, let said = connection.dialogue?.helloName, !said.isEmpty
        else { return nil }
        var name = said.map(\.asciiLowercase)
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        let program = connection.process.program
        if names.contains(name) || isOwnAddress(name, connection) { return nil }
        if let site = connection.script?.context?.host, !site.isEmpty,
            site.prefix(while: { $0 != UInt8(ascii: ":") }).map(\.asciiLowercase) == name
        {
            return Reason(.helloIsVirtualHost, program: program, name: said)
        }
        // Where the host's names are not known, none is foreign.
        return names.isEmpty ? nil : Reason(.foreignHello, program: program, name: said)
    }

    /// `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3), or an address without brackets.
    private func isOwnAddress(_ name: [UInt8], _ connection: Connection) -> Bool {
        var literal = name[...]
        if literal.first == UInt8(ascii: "["), literal.last == UInt8(ascii: "]") {
            literal = literal.dropFirst().dropLast()
            if literal.starts(with: "ipv6:".utf8) { literal = literal.dropFirst(5) }
        }
        guard let last = literal.last, last == 0x3A || (0x30...0x39).contains(last) || (0x61...0x66).contains(last),
            let address = IPAddress(String(decoding: literal, as: UTF8.self))
        else { return false }
        return host.addresses.contains(address)
            || (connection.source.port != 0 && connection.source.address == address)
    }

    /// The user that made the socket, where that is another one than the process has. Of mail on a port that is not watched
    /// nothing else is known of the connector.
    private func socketMaker(of connection: Connection) -> UInt32? {
        let process = connection.process.description
        guard connection.isByContent, let maker = connection.socketUID, process.uid != nil, maker != process.uid,
            maker != process.effectiveUID
        else { return nil }
        return maker
    }

    private func talker(_ connection: Connection, after connector: Process) -> Reason {
        var name = connector.program
        name.append(contentsOf: ", pid \(connector.description.pid), user \(connector.user)".utf8)
        return Reason(.otherTalker, program: connection.process.program, name: name)
    }

    private func spread(_ connection: Connection) -> Reason {
        let limit = UInt16(clamping: min(policy.fanOutLimit, FanOut.addressLimit))
        return Reason(.fanOut, program: connection.process.program, number: limit)
    }

    /// Whether the sender goes to many destinations; notes that of this connection when it is new.
    private mutating func isWide(
        _ connection: Connection, _ cause: Cause, _ index: Dictionary<Serial, SenderProfile>.Index
    ) -> Bool {
        guard cause.verdict != .mta, cause.verdict != .local else { return false }
        let isMailPort = policy.deliveryPorts.contains(cause.port) || policy.submissionPorts.contains(cause.port)
        guard isMailPort || cause.verdict != .unknown || connection.dialogue?.isMail == true else { return false }
        if connection.judgement.reasons.contains(where: { $0.code == .fanOut }) { return true }
        // A port that is none of mail shows only by what is said.
        guard connection.judgement.reasons.isEmpty || !isMailPort else {
            return profiles.values[index].fanOut.map(fanOut.isWide) ?? false
        }
        guard let sender = fanOutIndex(of: connection, index) else { return false }
        fanOut.note(
            connection.destination.address, of: sender, at: connection.connectTime, limit: policy.fanOutLimit)
        return fanOut.isWide(sender)
    }

    private mutating func fanOutIndex(
        of connection: Connection, _ index: Dictionary<Serial, SenderProfile>.Index
    ) -> Int? {
        if let known = profiles.values[index].fanOut { return known }
        let sender = Sender(connection)
        var number = fanOut.index(of: sender)
        if number == nil {
            // More senders than there is room for: only the last minute is forgotten.
            fanOut.reset()
            for index in profiles.values.indices { profiles.values[index].fanOut = nil }
            number = fanOut.index(of: sender)
        }
        profiles.values[index].fanOut = number
        return number
    }
}

extension SMTPDialogue {
    /// Whether it is one, whatever the port.
    fileprivate var isMail: Bool { hello != nil || messages > 0 }
}
