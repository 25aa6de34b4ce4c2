import MailWatch
import Testing

@testable import Complaints

/// Further forms, put together after the RFCs and what providers send.
struct ComplaintFormatTests {
    private static let moment: UInt64 = 1_518_490_449_000_000_000

    private func complaint(_ text: String) -> Complaint { Complaint(Array(text.utf8)) }

    @Test func crlfChangesNothing() {
        for sample in [Samples.header, Samples.arf, Samples.blocklist, Samples.bounce] {
            #expect(complaint(sample.replacing("\n", with: "\r\n")) == complaint(sample))
        }
    }

    @Test func aQuotedHeaderWithoutFolds() {
        let complaint = complaint(
            """
            Return-Path: <>
            From: postmaster@bluewin.example
            Subject: Undeliverable
            Received: from out.bluewin.example ([192.0.2.25]) by mail.host.example with ESMTP; Tue, 13 Feb 2018 09:00:00 +0100

            You are not allowed to send us mail. A sample of what came from your address:
            > Received: from mail.com ([94.130.34.42])
            > by smtp-27.iol.local with SMTP
            > id itOWeYZ6O42IFitOWe35TR; Tue, 13 Feb 2018 03:54:09 +0100
            > From: "Servizi" <posteitaliane@test123.it>
            """)
        #expect(complaint.kind == .bounce)
        #expect(complaint.times.first?.value.time == Self.moment)
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
        #expect(complaint.hello?.value == Array("mail.com".utf8))
        #expect(complaint.receivingHost?.value == Array("smtp-27.iol.local".utf8))
        #expect(complaint.sender?.value == Array("posteitaliane@test123.it".utf8))
    }

    @Test func anAttachedMailInBase64() {
        // base64 of "Received: from mail.com ([94.130.34.42]) by mx.example; Tue, 13 Feb 2018 03:54:09 +0100\n\n"
        let complaint = complaint(
            """
            From: abuse@receiver.example
            Date: Tue, 13 Feb 2018 12:00:00 +0000
            Content-Type: multipart/mixed; boundary=a

            --a
            Content-Type: multipart/mixed; boundary="b;c"

            --b;c
            Content-Type: message/rfc822
            Content-Transfer-Encoding: base64

            UmVjZWl2ZWQ6IGZyb20gbWFpbC5jb20gKFs5NC4xMzAuMzQuNDJdKSBieSBteC5leGFtcGxlOyBU
            dWUsIDEzIEZlYiAyMDE4IDAzOjU0OjA5ICswMTAwCgo=
            --b;c--
            --a--
            """)
        #expect(complaint.times.first?.value.time == Self.moment)
        #expect(complaint.hello?.value == Array("mail.com".utf8))
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
    }

    @Test func theLineWithTheOwnAddressCounts() {
        let header = """
            Received: from relay.example ([203.0.113.9]) by inner.example with ESMTP; Tue, 13 Feb 2018 03:54:30 +0100
            Received: from mail.com ([94.130.34.42]) by mx.example with SMTP; Tue, 13 Feb 2018 03:54:09 +0100
            Received: from forged.example ([198.51.100.7]) by nowhere.example; Mon, 12 Feb 2018 03:54:09 +0100
            """
        let complaint = Complaint(Array(header.utf8), ownAddresses: [IPAddress("94.130.34.42")!])
        #expect(complaint.hello?.value == Array("mail.com".utf8))
        #expect(complaint.times.map(\.value.time) == [Self.moment])
    }

    @Test func spamhausRows() {
        let complaint = complaint(
            """
            The most recent connections: (IP, UTC timestamp, HELO value)
            94.130.34.42 2018-02-13 02:54:09 mail.com
            """)
        #expect(complaint.kind == .blocklist)
        #expect(complaint.times.map(\.value.time) == [Self.moment])
        #expect(complaint.hello?.value == Array("mail.com".utf8))
    }

    @Test func xarfOfAnAttack() {
        let complaint = complaint(
            #"{"xarf_version":"4.0.0","category":"connection","type":"login_attack","source_identifier":"2001:db8::7","#
                + #""source_port":40001,"destination_ip":"192.0.2.9","destination_port":587,"timestamp":"2018-02-13T02:54:09Z"}"#
        )
        #expect(complaint.source?.value == IPAddress("2001:db8::7"))
        #expect(complaint.destination?.value == IPAddress("192.0.2.9"))
        #expect(complaint.destinationPort?.value == 587)
    }

    @Test func encodedWordsOfASubject() {
        #expect(
            complaint("Subject: =?UTF-8?Q?Gr=C3=BC?= =?iso-8859-1?B?3w==?= x").subject?.value == Array("Grüß x".utf8))
    }

    @Test func nestingEnds() {
        var mail = "Content-Type: text/plain\n\nend"
        for _ in 0..<5_000 { mail = "Content-Type: message/rfc822\nSubject: x\n\n" + mail }
        #expect(complaint(mail).isCut)
        #expect(complaint(String(repeating: "[", count: 100_000)).kind == .unknown)
        #expect(complaint("{\"a\":" + String(repeating: "[", count: 100_000)).kind == .unknown)
    }

    @Test func deepOrWideJSONIsRefused() {
        func nested(_ levels: Int) -> String {
            #"{"xarf_version":"4","source_identifier":"192.0.2.7","a":"# + String(repeating: "[", count: levels - 1)
                + String(repeating: "]", count: levels - 1) + "}"
        }
        #expect(complaint(nested(32)).source != nil && !complaint(nested(32)).isRefused)
        #expect(complaint(nested(33)).source == nil && complaint(nested(33)).isRefused)
        #expect(complaint(String(repeating: #"{"a":"#, count: 33)).isRefused)
        #expect(complaint("{\"a\":[" + String(repeating: "-1,", count: 10_000) + "1]}").isRefused)
        // In a text they are none.
        #expect(
            !complaint(#"{"xarf_version":"4","subject":"\"[["# + String(repeating: "[", count: 99) + #""}"#).isRefused)
        // UTF-16, which hides brackets behind half quotes.
        #expect(Complaint(Array("{".utf16.flatMap { [UInt8($0), 0] })).isRefused)
    }
}
