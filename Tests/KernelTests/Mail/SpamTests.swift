import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// What mailsnoop was written for: a script's spam is told from the mail that a server is there to send.
    @Suite struct SpamTests {
        private static let postfix = "/usr/lib/postfix/sbin"

        private func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(Repository.tests)/mail/\(name)", encoding: .utf8)
        }

        /// The line in which a script says that, counted from 1.
        private func line(of words: String, in text: String) -> Int? {
            text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains(words) }.map {
                $0 + 1
            }
        }

        @Test func theScriptThatSpamsIsNamed() throws {
            let machine = try MailMachine(package: "postfix")
            let ports = [25, 26, 8025]
            let spammed = try ports.map { try MailSink(machine, port: $0) }
            // The server's other address: a log tells the mails of one client only.
            let other = "192.0.2.26"
            try #require(
                machine.start(["ip", "-n", "server", "address", "add", "\(other)/24", "dev", "eth0"]).end().status == 0)
            let relay = try MailSink(machine, port: 25, address: other)
            let submission = try MailSink(machine, port: 587, ["--auth"])
            let plugin = "/srv/shop/wp-content/plugins/orders/orders.php"
            try machine.write(text("submission.php"), to: plugin)
            let trace = try MailTrace(machine)
            let file = try trace.rows(of: machine)

            var clients = [try machine.startClient("postfix", to: relay, settings: ["MAIL_SERVER=\(other)"])]
            for sink in spammed { clients.append(try machine.startClient("php", to: sink)) }
            for user in [[], ["shop"]] {
                clients.append(try machine.startAsWebUser(["php", plugin, MailMachine.server, "587"] + user))
            }
            for client in clients {
                let result = client.end()
                #expect(result.status == 0, "\(result.errors)")
            }
            let rows = try file.lines(6)
            #expect(rows.count == 6)
            #expect(try submission.sessions(2).count == 2)

            let spam = rows.filter { $0["file", "path"].string == "/srv/spam.php" }
            #expect(spam.compactMap { $0["destination", "port"].number }.sorted() == ports)
            for row in spam {
                #expect(row.verdict == "direct-mx")
                let isOdd = row["destination", "port"].number != 25
                #expect(row.reasons == [isOdd ? "odd-port" : "remote-mx", "no-mail-server", "foreign-hello"])
                // On a port that is not watched it is seen where it first speaks.
                let call = isOdd ? "fwrite" : "fsockopen"
                let script = row["mailsnoop", "script"]
                #expect(script["line"].number == line(of: "\(call)(", in: try text("spam.php")), "\(script.text)")
                #expect(script["php", "frames"].elements.first?["function"].string == call)
                #expect(row["mailsnoop", "script", "evidence"].string == "stack")
                #expect(row["mailsnoop", "process", "php_note"].isAbsent)
                #expect(row["smtp", "ehlo"].string == "mail.com")
                #expect(row["smtp", "mail_from"].string == "posteitaliane@test123.it")
                #expect(row["smtp", "recipients"].number == 3)
                #expect(row["smtp", "accepted"].number == 1)
                #expect(row["process", "real_user", "name"].string == "www-data")
            }
            let delivered = try #require(rows.first { $0["process", "executable"].string == "\(Self.postfix)/smtp" })
            #expect(delivered.verdict == "mta")
            #expect(delivered.reasons == ["installed-mta"])
            let submitted = rows.filter { $0["file", "path"].string == plugin }
            #expect(submitted.map(\.verdict) == ["smarthost", "smarthost"])
            for row in submitted {
                #expect(row["mailsnoop", "script", "line"].number == line(of: "send()", in: try text("submission.php")))
                let isAuthenticated = !row["smtp", "auth"].isAbsent
                #expect(row.reasons == ["submission-port"] + (isAuthenticated ? [] : ["submission-without-auth"]))
            }
            #expect(Set(submitted.map { $0["smtp", "auth"].isAbsent }).count == 2)
            try trace.end()
        }

        /// Mails by SMTP into Postfix, which relays each; mails of a faster program in the place of Postfix's LMTP client;
        /// and submitted ones, to a relay and to a server on the machine itself.
        @Test func tenThousandDeliveriesAreNoAlarm() throws {
            let (relayed, handedOn, submitted, kept) = (1009, 4007, 2969, 1013)
            let count = 2 * relayed + handedOn + submitted + kept
            #expect(count == 10_007)
            let machine = try MailMachine(package: "postfix")
            let relay = try MailSink(machine, port: 25)
            let submission = try MailSink(machine, port: 587, ["--auth"])
            let own = try MailSink(machine, port: 587, address: "192.0.2.2", isRemote: false)
            let trace = try MailTrace(machine)
            let file = try trace.rows(of: machine)
            let store = try machine.start([
                "ip", "netns", "exec", "server", Repository.talker, "serve", MailMachine.server, "24",
            ])
            #expect(store.line().hasPrefix("ready"))
            let talk = """
                for ((i = $1; i < \(handedOn); i += 3)); do
                    \(Self.postfix)/lmtp say \(MailMachine.server) 24 '<1' 'LHLO client.example\\r\\n' '<1' \\
                        'MAIL FROM:<news@client.example>\\r\\n' '<1' 'RCPT TO:<anna@iol.example>\\r\\n' '<1' 'DATA\\r\\n' '<1' \\
                        'Subject: News\\r\\n\\r\\nHello\\r\\n.\\r\\n' '<1' 'QUIT\\r\\n' '<1' || exit
                done
                """
            let deliver = ["/usr/bin/python3", "\(Repository.tests)/mail/deliver.py"]
            #expect(
                try machine.start(["cp", "--remove-destination", Repository.talker, "\(Self.postfix)/lmtp"]).end()
                    .status == 0)
            let clients =
                [
                    try machine.startClient("postfix", to: relay, settings: ["MAIL_COUNT=\(relayed)"]),
                    try machine.startAsWebUser(deliver + [MailMachine.server, "587", "\(submitted)", "shop"]),
                    try machine.startAsWebUser(deliver + ["192.0.2.2", "587", "\(kept)"]),
                ]
                + (try (0..<3).map {
                    try machine.start([
                        "setpriv", "--reuid", "postfix", "--clear-groups", "bash", "-c", talk, "", "\($0)",
                    ])
                })
            for client in clients {
                let result = client.end()
                #expect(result.status == 0, "\(result.errors)")
            }
            let rows = try file.lines(count)
            let told = Dictionary(grouping: rows) {
                "\($0["process", "executable"].string.split(separator: "/").last!.prefix(7)) \($0.verdict)"
            }
            #expect(
                told.mapValues(\.count) == [
                    "smtp-so local": relayed, "smtp mta": relayed, "lmtp mta": handedOn, "python3 smarthost": submitted,
                    "python3 local": kept,
                ])
            // Each dialogue was read to its end.
            #expect(rows.count { $0["smtp", "accepted"].number == 1 && $0["smtp", "gaps"].elements.isEmpty } == count)
            #expect(try submission.sessions(submitted).count == submitted)
            #expect(try own.sessions(kept).count == kept)
            store.end()
            try trace.end()
        }
    }
}
