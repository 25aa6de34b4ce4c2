internal import Complaints
internal import MailWatch
internal import TestSupport

/// Complaints of every kind, damaged.
struct ComplaintFuzz {
    /// Those in which an address was found.
    private(set) var understood = 0

    mutating func run(_ number: Int) {
        var random = SplitMix64(seed: UInt64(number))
        var bytes = Self.seeds[random.below(Self.seeds.count)]
        Damage.apply(to: &bytes, &random)
        if Self.understand(bytes).source != nil { understood += 1 }
    }

    static func understand(_ bytes: [UInt8]) -> Complaint {
        let complaint = Complaint(bytes, ownAddresses: [IPAddress("192.0.2.7")!])
        precondition(!complaint.explanation.isEmpty && complaint.times.count <= 16)
        _ = complaint.times.map(\.value.window)
        return complaint
    }

    private static let header = """
        Received: from mail.example ([192.0.2.7]:41822 helo=mail.example) (envelope-from <a@b.example>)
               by mx.example.net with SMTP id 1 for <c@d.example>; Tue, 13 Feb 2018 03:54:09 +0100 (CET)
        Received: from [10.0.0.1] by mail.example (Exim 4.96); 13 Feb 2018 02:54:09 -0000
        From: "A" <a@b.example>
        Subject: =?UTF-8?Q?Gr=C3=BC?= =?iso-8859-1?B?3w==?= x
        Date: Mon, 12 Feb 2018 11:32:03 -0500
        Message-ID: <1@b.example>

        """

    static let seeds: [[UInt8]] = [
        header,
        """
        From: <abuse@receiver.example>
        Date: Tue, 13 Feb 2018 04:10:00 +0100
        Content-Type: multipart/report; report-type=feedback-report; boundary="part1"

        --part1
        Content-Type: text/plain; charset="US-ASCII"

        A report for a message received from IP 192.0.2.7 on Tue, 13 Feb 2018 03:54:09 +0100.

        --part1
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        Original-Mail-From: <a@b.example>
        Original-Rcpt-To: <c@d.example>
        Arrival-Date: Tue, 13 Feb 2018 03:54:09 +0100
        Source-IP: 192.0.2.7
        Source-Port: 41822
        Incidents: 12

        --part1
        Content-Type: message/rfc822

        \(header)
        --part1
        Content-Type: message/rfc822
        Content-Transfer-Encoding: base64

        UmVjZWl2ZWQ6IGZyb20gbWFpbC5jb20gKFsxOTIuMC4yLjddKSBieSBteC5leGFtcGxlOyBUdWUs
        IDEzIEZlYiAyMDE4IDAzOjU0OjA5ICswMTAwCgo=
        --part1
        Content-Type: text/html
        Content-Transfer-Encoding: quoted-printable

        <p>192=2E0.2.7 at 2018-02-13 02:54:09=20
        =
        GMT</p>
        --part1--

        """,
        """
        {"xarf_version":"4.0.0","timestamp":"2018-02-13T02:54:09Z","reporter":{"org":"R","contact":"a@r.example"},
        "source_identifier":"192.0.2.7","source_port":41822,"destination_ip":"192.0.2.25","destination_port":25,
        "smtp_from":"a@b.example","smtp_to":"c@d.example","subject":"x","message_id":"<1@b.example>","evidence":[
        {"content_type":"message/rfc822","payload":"UmVjZWl2ZWQ6IGZyb20gbWFpbC5jb20gKFsxOTIuMC4yLjddKSBieSBteDsgMTMgRmViIDIwMTggMDM6NTQgR01UCgo="}]}
        """,
        """
        192.0.2.7 is listed. It was last detected at 2018-02-13 02:54 GMT (+/- 30 minutes).
        It connected to port 25 of 192.0.2.80 and HELOs as mail.example. (IP, UTC timestamp, HELO value)
        192.0.2.7 2018-02-13 02:54:09 mail.example
        > \(header.replacing("\n", with: "\n> "))
        """,
        """
        From: MAILER-DAEMON@mail.example (Mail Delivery System)
        Date: Tue, 13 Feb 2018 09:12:44 +0100 (CET)
        Auto-Submitted: auto-replied
        X-Failed-Recipients: c@d.example
        Content-Type: multipart/report; report-type=delivery-status; boundary=b1

        --b1

        <c@d.example>: host mx.d.example[192.0.2.25] said: 554 IP: 192.0.2.7, source port 41822

        --b1
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mail.example
        Arrival-Date: Tue, 13 Feb 2018 09:12:41 +0100 (CET)

        Final-Recipient: rfc822; c@d.example
        Remote-MTA: dns; mx.d.example (192.0.2.25)
        Diagnostic-Code: smtp; 554 IP: 192.0.2.7 on port 25, EHLO name was mail.example

        --b1
        Content-Type: application/json

        {"xarf_version":"4","source_identifier":"192.0.2.7","timestamp":"1518490449"}
        --b1--

        """,
    ].map { Array($0.utf8) }
}
