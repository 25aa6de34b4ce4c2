import MailWatch
import Testing

@testable import Complaints

/// The samples that a receiver, a report, a blocklist and a mail server send, each compared with its text by hand.
struct SampleTests {
    /// Tue, 13 Feb 2018 03:54:09 +0100
    private static let moment: UInt64 = 1_518_490_449_000_000_000

    @Test func receivedHeader() {
        let complaint = Complaint(Array(Samples.header.utf8))
        #expect(complaint.kind == .header)
        #expect(complaint.times.map(\.value.time) == [Self.moment])
        #expect(complaint.times.first?.value.zone == "+01:00")
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
        #expect(complaint.hello?.value == Array("mail.com".utf8))
        #expect(complaint.reverseName == nil)
        #expect(complaint.receivingHost?.value == Array("smtp-27.iol.local".utf8))
        #expect(complaint.sender?.value == Array("posteitaliane@test123.it".utf8))
        #expect(complaint.subject?.value == Array("Abbiamo ricevuto una segnalazione di accredito".utf8))
        #expect(complaint.written?.value.time == 1_518_453_123_000_000_000)
        #expect(complaint.hello?.line.starts(with: "Received: from mail.com ([94.130.34.42])".utf8) == true)
        #expect(
            complaint.explanation.contains { String(decoding: $0, as: UTF8.self).contains("It is not reverse DNS") })
    }

    @Test func arf() {
        let complaint = Complaint(Array(Samples.arf.utf8))
        #expect(complaint.kind == .arf)
        #expect(complaint.times.map(\.value.time) == [Self.moment])
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
        #expect(complaint.hello?.value == Array("mail.com".utf8))
        #expect(complaint.receivingHost?.value == Array("smtp-27.iol.example".utf8))
        #expect(complaint.sender?.value == Array("posteitaliane@test123.it".utf8))
        #expect(complaint.recipient?.value == Array("someone@iol.example".utf8))
        #expect(complaint.recipientDomain == Array("iol.example".utf8))
        #expect(complaint.incidents?.value == 12)
        #expect(complaint.messageID?.value == Array("20180212163203.1@test123.it".utf8))
        #expect(complaint.subject?.value == Array("Abbiamo ricevuto una segnalazione di accredito".utf8))
    }

    @Test func xarf() {
        let complaint = Complaint(Array(Samples.xarf.utf8))
        #expect(complaint.kind == .xarf)
        #expect(complaint.times.map(\.value.time) == [Self.moment])
        #expect(complaint.times.first?.value.isZoneStated == true)
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
        #expect(complaint.sourcePort?.value == 41822)
        #expect(complaint.sender?.value == Array("posteitaliane@test123.it".utf8))
        #expect(complaint.subject?.value == Array("Abbiamo ricevuto una segnalazione di accredito".utf8))
    }

    @Test func blocklist() {
        let complaint = Complaint(Array(Samples.blocklist.utf8))
        #expect(complaint.kind == .blocklist)
        #expect(complaint.times.map(\.value.time) == [1_518_490_440_000_000_000])
        #expect(complaint.times.first?.value.tolerance == 1_800_000_000_000)
        #expect(complaint.times.first?.value.zone == "GMT")
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
        #expect(complaint.destination?.value == IPAddress("192.0.2.80"))
        #expect(complaint.destinationPort?.value == 25)
        #expect(complaint.hello?.value == Array("mail.com".utf8))
    }

    @Test func bounce() {
        let complaint = Complaint(Array(Samples.bounce.utf8))
        #expect(complaint.kind == .bounce)
        #expect(complaint.times.map(\.value.time) == [1_518_509_561_000_000_000, 1_518_509_564_000_000_000])
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
        #expect(complaint.destination?.value == IPAddress("192.0.2.25"))
        #expect(complaint.receivingHost?.value == Array("mx.bluewin.example".utf8))
        #expect(complaint.recipient?.value == Array("customer@bluewin.example".utf8))
        #expect(complaint.hello == nil)
        #expect(complaint.sender == nil)
    }
}
