import MailWatch
import Testing

@testable import Complaints

struct MatcherTests {
    private static let moment: UInt64 = 1_518_490_449_000_000_000

    private func candidate(
        _ id: Int64, seconds: Int64, hello: String? = nil, from: String? = nil, to: String = "192.0.2.80"
    )
        -> Candidate
    {
        var candidate = Candidate(
            id: id, sender: id / 10, time: UInt64(Int64(Self.moment) + seconds * 1_000_000_000),
            source: Endpoint(address: IPAddress(ipv4: 0x5E82_222A), port: UInt16(40000 + id)),
            destination: Endpoint(address: IPAddress(to)!, port: 25))
        candidate.hello = hello.map { Array($0.utf8) }
        candidate.mailFrom = from.map { Array($0.utf8) }
        return candidate
    }

    private func ranking(_ sample: String, _ candidates: [Candidate]) -> [RankedSender] {
        var matcher = Matcher(Complaint(Array(sample.utf8)))
        for candidate in candidates { matcher.consider(candidate) }
        return matcher.ranking
    }

    @Test func whatWasSaidComesBeforeTheTimeAndTheTimeBeforeAContradiction() {
        let ranking = ranking(
            Samples.header,
            [
                candidate(11, seconds: 0, hello: "other.example", from: "posteitaliane@test123.it"),
                candidate(21, seconds: -1),
                candidate(31, seconds: -240, hello: "MAIL.com."),
                candidate(32, seconds: -3, hello: "mail.com", from: "posteitaliane@test123.it"),
                candidate(41, seconds: 0, from: "x@test123.it"),
                candidate(51, seconds: -301, hello: "mail.com"),
            ])
        #expect(ranking.map(\.sender) == [3, 4, 2, 1])
        #expect(ranking.first?.best.candidate.id == 32)
        #expect(ranking.first?.connections == 2)
        #expect(ranking.map(\.best.standing) == [.evidence, .evidence, .timeOnly, .contradicted])
        #expect(ranking.first?.best.evidence.map(\.code) == [.time, .source, .hello, .sender])
        #expect(ranking.first?.best.score == 20 + 5 + 30 + 30)
    }

    @Test func aPortDecides() {
        let ranking = ranking(Samples.xarf, [candidate(1822, seconds: 2), candidate(21, seconds: 0)])
        #expect(ranking.map(\.sender) == [182, 2])
        #expect(ranking.map(\.best.standing) == [.evidence, .contradicted])
    }

    @Test func destinationsAreCompared() {
        var named = candidate(21, seconds: 0, to: "192.0.2.7")
        named.destinationName = Array("mx2.bluewin.example".utf8)
        named.time = 1_518_509_561_000_000_000
        var equal = named
        equal.id = 31
        equal.sender = 3
        equal.destination = Endpoint(address: IPAddress("192.0.2.25")!, port: 25)
        let ranking = ranking(Samples.bounce, [named, equal])
        #expect(ranking.map(\.sender) == [3, 2])
        #expect(
            ranking.map { $0.best.evidence.last { $0.code != .source }?.code } == [.destination, .destinationDomain])
    }

    @Test func ofABounceWhatTheMailServerSentIsNotTheAnswer() {
        var own = candidate(11, seconds: 6 * 3600, to: "192.0.2.25")
        own.verdict = .mta
        own.rcptTo = Array("customer@bluewin.example".utf8)
        var spam = candidate(21, seconds: -6 * 3600, to: "192.0.2.7")
        spam.verdict = .directMX
        let ranking = ranking(Samples.bounce, [own, spam])
        #expect(ranking.map(\.sender) == [2, 1])
        #expect(ranking.map(\.best.standing) == [.timeOnly, .contradicted])
        #expect(ranking.last?.best.evidence.last { $0.code == .byMailServer } != nil)
    }

    @Test func aLongConnectionIsOpenAtTheTime() {
        var long = candidate(11, seconds: -900)
        #expect(Matcher(Complaint(Array(Samples.header.utf8))).match(long) == nil)
        long.endTime = Self.moment + 1
        #expect(Matcher(Complaint(Array(Samples.header.utf8))).match(long)?.evidence.first?.points == 20)
    }

    @Test func withoutATimeEverythingCounts() {
        var complaint = Complaint()
        complaint.hello = Found(Array("mail.com".utf8))
        let matcher = Matcher(complaint)
        #expect(matcher.windows.isEmpty)
        #expect(matcher.match(candidate(11, seconds: 90_000, hello: "mail.com"))?.standing == .evidence)
    }
}
