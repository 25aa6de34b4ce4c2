internal import Complaints
internal import History
internal import MailWatch
internal import Reports

/// What can be done next, with commands whose words are filled in.
struct NextSteps {
    private static let week: UInt64 = 7 * 86_400_000_000_000

    let note: IncidentNote

    func write(to format: inout some NoteFormat) {
        format.heading([.own("What can be done next")], level: 2)
        if let id = note.order.first, let sender = note.senders[id], sender.isAlarm || note.answer?.ranking.first != nil
        {
            format.paragraph([.own("Look further, before anything is changed:")])
            format.commands(look(at: sender))
            format.paragraph([.own("Stop it. Keep a copy of the file: it is evidence.")])
            format.commands(stop(sender))
        }
        format.paragraph([
            .own(
                "Let only the mail server connect to port 25 of other hosts; all else has to hand its mail to it, or submit it to port 587 or 465. Try the rules with a console at hand, for they may stop mail that is wanted:"
            )
        ])
        format.commands(firewall)
    }

    private func look(at sender: NoteSender) -> [String] {
        let until = sender.lastTime / 1_000_000_000 * 1_000_000_000 + 1_000_000_000
        let times = "--since \(Timestamp.seconds(sender.firstTime)) --until \(Timestamp.seconds(until))"
        let path = sender.sender.path
        var lines = ["mailsnoop export \(times) --script \(shellWord(globPattern(path))) --format csv"]
        guard !sender.sender.script.isEmpty else {
            return lines + ["ls -la -- \(shellWord(path))", "sha256sum -- \(shellWord(path))"]
        }
        let file = shellWord(path)
        lines += ["stat -- \(file)", "sha256sum -- \(file)", "lsattr -- \(file)"]
        for (client, _) in sender.clients.top(3).top {
            lines.append("grep -rF -- \(shellWord(client)) /var/log/apache2 /var/log/nginx")
        }
        if let application = sender.sample.connection.script?.facts?.application {
            let start = sender.firstTime - min(sender.firstTime, Self.week)
            lines.append(
                "find \(shellWord(application.root)) -name $'*.php' -newermt \(Timestamp.seconds(start)) -ls")
        }
        lines.append("crontab -l -u \(shellWord(Array(sender.sender.user.utf8)))")
        return lines
    }

    private func stop(_ sender: NoteSender) -> [String] {
        let path = shellWord(sender.sender.path)
        var lines = ["cp -a -- \(path) /root/", "chmod 0 -- \(path)"]
        let process = sender.sample.connection.process.description
        lines.append("ps -o pid,lstart,args -p \(process.pid)    # is it still the same? Then: kill \(process.pid)")
        return lines
    }

    /// Those who were seen to be mail servers, by the name of their user.
    private var firewall: [String] {
        let seen = note.senders.values.filter { $0.verdicts[.mta, default: 0] > 0 }.map(\.sender.user)
        let users = Set(seen.filter { !$0.isEmpty && $0 != "root" }).sorted()
        let names = (users.isEmpty ? ["postfix"] : users).map { shellWord(Array($0.utf8)) }
        var lines = [
            "nft add table inet outmail",
            "nft add chain inet outmail output $'{ type filter hook output priority 0; policy accept; }'",
            "nft add rule inet outmail output oifname lo accept",
        ]
        lines += names.map { "nft add rule inet outmail output tcp dport 25 meta skuid \($0) accept" }
        lines += ["nft add rule inet outmail output tcp dport 25 counter reject with tcp reset", "# or, of old:"]
        for command in ["iptables", "ip6tables"] {
            lines += names.map {
                "\(command) -A OUTPUT -p tcp --dport 25 -m owner --uid-owner \($0) -j ACCEPT"
            }
            lines.append("\(command) -A OUTPUT ! -o lo -p tcp --dport 25 -j REJECT --reject-with tcp-reset")
        }
        return lines
    }
}
