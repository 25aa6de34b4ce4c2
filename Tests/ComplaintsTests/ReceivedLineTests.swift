import MailWatch
import Testing

@testable import Complaints

/// The field as servers write it, put together after their own sources and headers that they have written.
struct ReceivedLineTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let server: String
        let value: String
        var hello: String?
        var name: String?
        var address = "94.130.34.42"
        var port: UInt16?
        var host = "mx.example"
        var sender: String?
        var recipient: String?

        var testDescription: String { server }
    }

    private static let cases = [
        Case(
            server: "Postfix",
            value: "from mail.com (unknown [94.130.34.42]) (using TLSv1.3 with cipher X (256/256 bits)) by mx.example "
                + "(Postfix) with ESMTPS id 4F for <a@b.example>; Tue, 13 Feb 2018 03:54:09 +0100 (CET)",
            hello: "mail.com", recipient: "a@b.example"),
        Case(
            server: "Postfix, IPv6",
            value: "from mail.com (srv.example [IPv6:2001:db8::42]) by mx.example (Postfix) with ESMTP id 4F; "
                + "Tue, 13 Feb 2018 03:54:09 +0100",
            hello: "mail.com", name: "srv.example", address: "2001:db8::42"),
        Case(
            server: "Exim without a name",
            value: "from [94.130.34.42] (port=41822 helo=mail.com) by mx.example with esmtp (Exim 4.96) "
                + "(envelope-from <x@y.example>) id 1elQ for a@b.example; Tue, 13 Feb 2018 03:54:09 +0100",
            hello: "mail.com", port: 41822, sender: "x@y.example", recipient: "a@b.example"),
        Case(
            server: "Exim with a name",
            value:
                "from srv.example ([94.130.34.42]:41822 helo=mail.com) by mx.example with esmtp (Exim 4.96) id 1elQ; "
                + "Tue, 13 Feb 2018 03:54:09 +0100",
            hello: "mail.com", name: "srv.example", port: 41822),
        Case(
            server: "Exim, where both agree",
            value: "from srv.example ([94.130.34.42]) by mx.example with esmtp (Exim 4.96) id 1elQ; "
                + "Tue, 13 Feb 2018 03:54:09 +0100",
            hello: "srv.example", name: "srv.example"),
        Case(
            server: "Sendmail",
            value:
                "from mail.com (root@srv.example [94.130.34.42] (may be forged)) by mx.example (8.17.1/8.17.1) with ESMTP "
                + "id w1D for <a@b.example>; Tue, 13 Feb 2018 03:54:09 +0100",
            hello: "mail.com", name: "srv.example", recipient: "a@b.example"),
        Case(
            server: "Exchange",
            value: "from mail.com (94.130.34.42) by mx.example (10.1.1.1) with Microsoft SMTP Server (version=TLS1_2, "
                + "cipher=X) id 15.1.2507.6 via Frontend Transport; Tue, 13 Feb 2018 03:54:09 +0100",
            hello: "mail.com"),
        Case(
            server: "qmail",
            value: "from unknown (HELO mail.com) (94.130.34.42) by mx.example with SMTP; 13 Feb 2018 02:54:09 -0000",
            hello: "mail.com"),
        Case(
            server: "qmail with ident",
            value:
                "from srv.example (HELO mail.com) (www@94.130.34.42) by mx.example with SMTP; 13 Feb 2018 02:54:09 -0000",
            hello: "mail.com", name: "srv.example"),
        Case(
            server: "Gmail",
            value: "from mail.com (srv.example. [94.130.34.42]) by mx.example with ESMTPS id d12 for <a@b.example> "
                + "(version=TLS1_3 cipher=X bits=256/256); Mon, 12 Feb 2018 18:54:09 -0800 (PST)",
            hello: "mail.com", name: "srv.example", recipient: "a@b.example"),
        Case(
            server: "Yahoo",
            value: "from 94.130.34.42  (EHLO mail.com) (94.130.34.42) by mx.example with SMTPs; "
                + "Tue, 13 Feb 2018 02:54:09 +0000",
            hello: "mail.com"),
        Case(
            server: "a literal as EHLO",
            value: "from [192.168.1.5] (unknown [94.130.34.42]) by mx.example (Postfix) with SMTP id 1; "
                + "Tue, 13 Feb 2018 02:54:09 GMT",
            hello: "[192.168.1.5]"),
    ]

    @Test(arguments: cases) func isRead(_ wanted: Case) throws {
        let line = ReceivedLine(Array(wanted.value.utf8))
        func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
        #expect(text(line.hello) == wanted.hello)
        #expect(text(line.reverseName) == wanted.name)
        #expect(line.address == IPAddress(wanted.address))
        #expect(line.port == wanted.port)
        #expect(text(line.host) == wanted.host)
        #expect(text(line.sender) == wanted.sender)
        #expect(text(line.recipient) == wanted.recipient)
        #expect(try TimeText(#require(text(line.date)), now: 0).time == 1_518_490_449_000_000_000)
    }

    @Test func withoutAKnownAddressThePublicOneCounts() {
        let own: Set = [IPAddress("10.0.0.5")!]
        let complaint = Complaint(Array(Samples.header.utf8), ownAddresses: own)
        #expect(complaint.source?.value == IPAddress("94.130.34.42"))
        #expect(complaint.hello?.value == Array("mail.com".utf8))
    }
}
