public import MailWatch

/// How one connection fits a complaint.
public struct Match: Sendable, Equatable {
    /// From the weakest on.
    public enum Standing: Int, Sendable, Comparable {
        /// The dialogue or the port says that it is another one.
        case contradicted
        /// Only the time fits.
        case timeOnly
        /// What was said, or where it went, fits too.
        case evidence

        public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    public let candidate: Candidate
    /// The sum of the evidence's points.
    public let score: Int
    public let standing: Standing
    public let evidence: [Evidence]

    fileprivate func isBetter(than other: Match) -> Bool {
        if standing != other.standing { return standing > other.standing }
        if score != other.score { return score > other.score }
        return candidate.time > other.candidate.time
    }
}

/// A sender's best connection, and how many of its connections lie in the time complained of.
public struct RankedSender: Sendable, Equatable {
    public fileprivate(set) var best: Match
    public fileprivate(set) var connections: Int

    public var sender: Int64 { best.candidate.sender }
}

/// Ranks recorded connections by how well they fit a complaint.
///
/// Only connections within the time complained of count. Each piece of evidence has fixed points (`Evidence.Code.points`),
/// and their sum is the score: the time at most 20, falling to 0 at the edge of the tolerance; an equal source port 60; an
/// equal EHLO, sender, recipient or destination 30 each; their domain alone 10. A sender stands above another first by
/// standing (evidence, time only, contradicted), then by score, then by the later connect.
public struct Matcher: Sendable {
    private static let contradictions: Set<Evidence.Code> = [.otherHello, .otherSourcePort, .byMailServer]

    private let complaint: Complaint
    private let destinations: Set<IPAddress>
    private var senders: [Int64: RankedSender] = [:]

    /// - Parameter destinations: further addresses of the receiving host, or of the recipient's mail hosts (MX).
    public init(_ complaint: Complaint, destinations: Set<IPAddress> = []) {
        self.complaint = complaint
        self.destinations = destinations.union(complaint.destination.map { [$0.value] } ?? [])
    }

    /// Where connections have to be looked for, in ns since the epoch; several can overlap. Empty where the complaint has no
    /// time: then every connection counts.
    public var windows: [ClosedRange<UInt64>] { complaint.times.map(\.value.window) }

    /// The best first.
    public var ranking: [RankedSender] { senders.values.sorted { $0.best.isBetter(than: $1.best) } }

    /// Returns whether it is the best of its sender so far.
    @discardableResult
    public mutating func consider(_ candidate: Candidate) -> Bool {
        guard let match = match(candidate) else { return false }
        guard var known = senders[candidate.sender] else {
            senders[candidate.sender] = RankedSender(best: match, connections: 1)
            return true
        }
        known.connections += 1
        let isBest = match.isBetter(than: known.best)
        if isBest { known.best = match }
        senders[candidate.sender] = known
        return isBest
    }

    /// Nil for one at another time.
    public func match(_ candidate: Candidate) -> Match? {
        var evidence: [Evidence] = []
        if !complaint.times.isEmpty {
            guard let time = timeEvidence(candidate) else { return nil }
            evidence.append(time)
        }
        compareEndpoints(candidate, &evidence)
        compareDialogue(candidate, &evidence)
        let isContradicted = evidence.contains { Self.contradictions.contains($0.code) }
        return Match(
            candidate: candidate, score: evidence.reduce(0) { $0 + $1.points },
            standing: isContradicted
                ? .contradicted : evidence.contains { $0.code.isContent } ? .evidence : .timeOnly,
            evidence: evidence)
    }

    private func timeEvidence(_ candidate: Candidate) -> Evidence? {
        let end = max(candidate.endTime ?? candidate.time, candidate.time)
        let best = complaint.times.compactMap { found -> (distance: UInt64, isAfter: Bool, points: Int)? in
            let moment = found.value
            // A delivery is stamped while the connection lasts.
            let distance =
                moment.time < candidate.time
                ? candidate.time - moment.time : moment.time > end ? moment.time - end : 0
            guard distance <= moment.tolerance else { return nil }
            let share = moment.tolerance == 0 ? 0 : Double(distance) / Double(moment.tolerance)
            return (
                distance, moment.time < candidate.time, Int((Double(Evidence.Code.time.points) * (1 - share)).rounded())
            )
        }.max { ($0.points, $1.distance) < ($1.points, $0.distance) }
        guard let best else { return nil }
        let distance = spanText(best.distance)
        let sentence =
            best.distance < 1_000_000_000
            ? "It was open at the time that is complained of, to the second."
            : best.isAfter
                ? "It began \(distance) after the time that is complained of."
                : candidate.endTime == nil
                    ? "It began \(distance) before the time that is complained of."
                    : "It ended \(distance) before the time that is complained of."
        return Evidence(.time, points: best.points, Array(sentence.utf8))
    }

    private func compareEndpoints(_ candidate: Candidate, _ evidence: inout [Evidence]) {
        if let port = complaint.sourcePort?.value, candidate.source.port != 0 {
            let isSame = port == candidate.source.port
            evidence.append(
                Evidence(
                    isSame ? .sourcePort : .otherSourcePort,
                    Array(
                        (isSame
                            ? "Its source port is \(port) too."
                            : "Its source port is \(candidate.source.port), not \(port).").utf8)))
        }
        if let source = complaint.source?.value, source == candidate.source.address {
            evidence.append(Evidence(.source, Array("It came from \(source).".utf8)))
        }
        let address = candidate.destination.address
        let name = normal(candidate.destinationName)
        let host = complaint.receivingHost.map { normal($0.value) } ?? []
        if destinations.contains(address) {
            evidence.append(Evidence(.destination, Array("It went to \(address), an address of the receiver.".utf8)))
        } else if !name.isEmpty, name == host {
            evidence.append(
                Evidence(.destination, Array("It went to ".utf8) + name + Array(", the receiving host.".utf8)))
        } else if !name.isEmpty,
            let domain = [organisation(host), complaint.recipientDomain.map(normal)]
                .compactMap({ $0 }).first(where: { isName(name, within: $0) })
        {
            evidence.append(
                Evidence(
                    .destinationDomain, Array("It went to ".utf8) + name + Array(", a host of ".utf8) + domain + [0x2E])
            )
        }
        if candidate.verdict == .directMX {
            evidence.append(Evidence(.directMX, Array("It passed by the local mail server.".utf8)))
        } else if complaint.kind == .bounce, let reason = Self.otherWay(candidate.verdict) {
            evidence.append(Evidence(.byMailServer, Array(reason.utf8)))
        }
    }

    /// Why mail of this verdict is not what a refusal of this host's address is about.
    private static func otherWay(_ verdict: Verdict) -> String? {
        switch verdict {
        case .mta, .local:
            "It went through the mail server, whose log has it: it can be the mail that came back, not what the refusal is about."
        case .smarthost: "It went to a mail server that sends from its own address."
        default: nil
        }
    }

    private func compareDialogue(_ candidate: Candidate, _ evidence: inout [Evidence]) {
        if let wanted = complaint.hello?.value, let said = candidate.hello, !said.isEmpty {
            evidence.append(
                normal(wanted) == normal(said)
                    ? Evidence(.hello, Array("It introduced itself as ".utf8) + said + Array(" too.".utf8))
                    : Evidence(
                        .otherHello,
                        Array("It introduced itself as ".utf8) + said + Array(", not as ".utf8) + wanted + [0x2E]))
        }
        if let wanted = complaint.sender?.value, let said = candidate.mailFrom {
            if wanted.lowercased == said.lowercased {
                let shown = said.isEmpty ? Array("<>".utf8) : said
                evidence.append(Evidence(.sender, Array("Its sender is ".utf8) + shown + Array(" too.".utf8)))
            } else if let domain = mailDomain(wanted), domain.lowercased == mailDomain(said)?.lowercased {
                evidence.append(Evidence(.senderDomain, Array("Its sender is also of ".utf8) + domain + [0x2E]))
            } else {
                evidence.append(Evidence(.otherSender, Array("Its first mail has another sender: ".utf8) + said))
            }
        }
        if let wanted = complaint.recipient?.value, let said = candidate.rcptTo {
            if wanted.lowercased == said.lowercased {
                evidence.append(Evidence(.recipient, Array("Its recipient is ".utf8) + said + Array(" too.".utf8)))
            } else if let domain = mailDomain(wanted), domain.lowercased == mailDomain(said)?.lowercased {
                evidence.append(Evidence(.recipientDomain, Array("Its recipient is also of ".utf8) + domain + [0x2E]))
            }
        }
    }
}

/// In lower case, without the dot at the end.
private func normal(_ name: [UInt8]) -> [UInt8] {
    let name = name.lowercased
    return name.last == UInt8(ascii: ".") ? name.dropLast() : name
}

private func isName(_ name: [UInt8], within domain: [UInt8]) -> Bool {
    !domain.isEmpty
        && (name == domain
            || name.count > domain.count && name.suffix(domain.count + 1) == [UInt8(ascii: ".")] + domain)
}

/// What is left of a host's name without its first label; nil where that has no dot.
private func organisation(_ host: [UInt8]) -> [UInt8]? {
    guard let dot = host.firstIndex(of: UInt8(ascii: ".")) else { return nil }
    let rest = Array(host[(dot + 1)...])
    return rest.contains(UInt8(ascii: ".")) ? rest : nil
}
