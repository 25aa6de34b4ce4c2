internal import MailWatch

extension Complaint {
    /// What in the complaint is what, in plain sentences. They hold its bytes: they are escaped where they are shown.
    public var explanation: [[UInt8]] {
        var sentences = [Array(opening.utf8)]
        if let source {
            let seenBy = receivingHost.map { $0.value + Array(" has seen".utf8) } ?? Array("the receiver has seen".utf8)
            sentences.append(
                Array("\(source.value) is the address that ".utf8) + seenBy
                    + Array(": that is measured, not said.".utf8))
        }
        if let hello {
            sentences.append(
                Array("\"".utf8) + hello.value
                    + Array(
                        "\" is what the client called itself (EHLO or HELO): it can say anything. It is not reverse DNS."
                            .utf8))
        }
        if let reverseName {
            sentences.append(
                Array("\"".utf8) + reverseName.value
                    + Array(
                        "\" is the name that the receiver found for the address in DNS: whoever holds the address sets it."
                            .utf8))
        } else if hello != nil, kind == .header || kind == .mail || kind == .arf {
            sentences.append(
                Array("No name of DNS is recorded: it would stand in the parentheses beside the address.".utf8))
        }
        if kind == .header || kind == .mail || kind == .arf, source != nil {
            sentences.append(
                Array(
                    "Received lines below the one with this address came with the mail and can be forged, as From, Subject and Date can."
                        .utf8))
        }
        if let moment = times.first?.value {
            let zone = moment.isZoneStated ? "its zone is \(moment.zone)" : "no zone is stated, and UTC is taken"
            sentences.append(
                Array(
                    "The time is that of the other host's clock; \(zone). It is taken to within \(spanText(moment.tolerance))."
                        .utf8))
        } else {
            sentences.append(Array("It says no time at which a connection could be sought.".utf8))
        }
        if let port = sourcePort?.value {
            sentences.append(
                Array("With the source port \(port) and the time there is one connection that it can be.".utf8))
        }
        if isCut { sentences.append(Array("It is longer or nested deeper than what is read.".utf8)) }
        return sentences
    }

    private var opening: String {
        switch kind {
        case .header: "This is the header of a mail, or a part of it."
        case .mail: "This is a mail with its header."
        case .arf: "This is an abuse report (ARF, RFC 5965)."
        case .xarf: "This is an abuse report (XARF)."
        case .blocklist: "This is the text of a blocklist."
        case .bounce:
            "This is a bounce: its time and recipient are those of the mail that came back, which need not be the spam that the refusal is about. That went out before, so a day is searched."
        case .text: "This is a text in words."
        case .unknown: "Nothing in this is known as a complaint about mail."
        case .options: "This is what was asked by options."
        }
    }
}
