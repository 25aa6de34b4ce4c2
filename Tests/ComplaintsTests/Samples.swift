/// What an administrator receives, as the project keeps it: the first is real, the others are made up in the published formats.
enum Samples {
    static let header = #"""
        Received: from mail.com ([94.130.34.42])
               by smtp-27.iol.local with SMTP
               id itOWeYZ6O42IFitOWe35TR; Tue, 13 Feb 2018 03:54:09 +0100
        From: "Servizi online - Poste Italiane" <posteitaliane@test123.it>
        Subject: Abbiamo ricevuto una segnalazione di accredito
        Date: Mon, 12 Feb 2018 11:32:03 -0500

        """#

    static let arf = #"""
        From: <abusedesk@receiver.example>
        Date: Tue, 13 Feb 2018 04:10:00 +0100
        Subject: FW: Abbiamo ricevuto una segnalazione di accredito
        To: <abuse@host.example>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report;
             boundary="part1"

        --part1
        Content-Type: text/plain; charset="US-ASCII"

        This is an email abuse report for an email message received from IP
        94.130.34.42 on Tue, 13 Feb 2018 03:54:09 +0100.

        --part1
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: ReceiverFBL/0.1
        Version: 1
        Original-Mail-From: <posteitaliane@test123.it>
        Original-Rcpt-To: <someone@iol.example>
        Arrival-Date: Tue, 13 Feb 2018 03:54:09 +0100
        Source-IP: 94.130.34.42
        Reported-Domain: test123.it
        Incidents: 12

        --part1
        Content-Type: message/rfc822

        Received: from mail.com ([94.130.34.42])
               by smtp-27.iol.example with SMTP
               id itOWeYZ6O42IFitOWe35TR; Tue, 13 Feb 2018 03:54:09 +0100
        From: "Servizi online" <posteitaliane@test123.it>
        Subject: Abbiamo ricevuto una segnalazione di accredito
        Date: Mon, 12 Feb 2018 11:32:03 -0500
        Message-ID: <20180212163203.1@test123.it>

        --part1--

        """#

    static let xarf = #"""
        {
          "xarf_version": "4.0.0",
          "report_id": "2b3c1a9e-1111-4222-8333-444455556666",
          "timestamp": "2018-02-13T02:54:09Z",
          "reporter": { "org": "Receiver Example", "contact": "abuse@receiver.example", "domain": "receiver.example" },
          "sender": { "org": "Receiver Example", "contact": "abuse@receiver.example", "domain": "receiver.example" },
          "source_identifier": "94.130.34.42",
          "source_port": 41822,
          "category": "messaging",
          "type": "spam",
          "protocol": "smtp",
          "smtp_from": "posteitaliane@test123.it",
          "subject": "Abbiamo ricevuto una segnalazione di accredito"
        }

        """#

    static let blocklist = #"""
        94.130.34.42 is listed. It was last detected at 2018-02-13 02:54 GMT (+/- 30 minutes).
        This IP is infected with a spam sending trojan. It connected to port 25 of 192.0.2.80 and HELOs as mail.com.

        """#

    static let bounce = #"""
        From: MAILER-DAEMON@mail.host.example (Mail Delivery System)
        Subject: Undelivered Mail Returned to Sender
        Date: Tue, 13 Feb 2018 09:12:44 +0100 (CET)
        Content-Type: multipart/report; report-type=delivery-status; boundary="b1"
        MIME-Version: 1.0

        --b1
        Content-Type: text/plain

        <customer@bluewin.example>: host mx.bluewin.example[192.0.2.25] said: 554 IP: 94.130.34.42,
            You are not allowed to send us mail. Please refer to xyz.example if you feel this is in error.
            (in reply to MAIL FROM command)

        --b1
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mail.host.example
        Arrival-Date: Tue, 13 Feb 2018 09:12:41 +0100 (CET)

        Final-Recipient: rfc822; customer@bluewin.example
        Action: failed
        Status: 5.0.0
        Remote-MTA: dns; mx.bluewin.example
        Diagnostic-Code: smtp; 554 IP: 94.130.34.42, You are not allowed to send us mail.

        --b1--

        """#

    static let all = [header, arf, xarf, blocklist, bounce].map { Array($0.utf8) }
}
