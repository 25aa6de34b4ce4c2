/// What the demo runs: shell scripts for its two namespaces, and the web site with its planted spammer.
///
/// Addresses are those of documentation (RFC 5737); neither namespace has a way out. Everything lies in a tmpfs that only
/// the site's processes see, and is gone with them, even after kill -9.
enum DemoScripts {
    static let spammer = "/srv/shop.example/wp-content/uploads/2026/01/cache"
    static let shop = "/srv/shop.example/orders"

    /// The mail hosts of the world: 198.51.100.16 to 31, and from 128 on.
    static func sink(_ mailsnoop: String) -> String {
        """
        echo ready
        until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done
        ip link set lo up
        ip address add 198.51.100.25/24 dev eth0
        ip link set eth0 up
        ip route add local 198.51.100.16/28 dev lo
        ip route add local 198.51.100.128/25 dev lo
        exec '\(mailsnoop)' demo-sink
        """
    }

    /// A server with a web site whose visitors have planted a script, and a program that delivers mail as it should.
    static func site(_ mailsnoop: String, language: Language) -> String {
        """
        set -e
        mount -t tmpfs -o mode=755 tmpfs /srv
        mkdir -p /srv/shop.example/wp-content/uploads/2026/01 /srv/shop.example/wp-includes
        echo '<?php $wp_version = "6.4.2";' >/srv/shop.example/wp-includes/version.php
        touch /srv/shop.example/wp-load.php /srv/shop.example/wp-settings.php
        cat >\(spammer).\(language.suffix) <<'END'
        \(language.spam)
        END
        cat >\(shop).\(language.suffix) <<'END'
        \(language.order)
        END
        chown www-data \(spammer).\(language.suffix)
        echo ready
        until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done
        ip link set lo up
        ip address add 198.51.100.2/24 dev eth0
        ip link set eth0 up
        sleep 1
        as() { user=$1; shift; setpriv --reuid "$user" --regid "$user" --clear-groups --pdeathsig KILL "$@" & }
        as mail '\(mailsnoop)' demo-deliver
        as www-data \(language.rawValue) \(shop).\(language.suffix)
        sleep 2
        as www-data \(language.rawValue) \(spammer).\(language.suffix)
        wait
        """
    }

    enum Language: String, CaseIterable {
        case php
        case perl

        var suffix: String {
            switch self {
            case .php: "php"
            case .perl: "pl"
            }
        }

        /// Three mails a second at most, for a quarter of an hour.
        fileprivate var spam: String {
            switch self {
            case .php:
                #"""
                <?php
                // Planted by `mailsnoop demo`: what a compromised site sends, to hosts that do not exist.
                function say($server, $command) {
                    if ($command !== null) fwrite($server, "$command\r\n");
                    return fgets($server);
                }

                function send_mail($host, $number) {
                    $server = @fsockopen($host, 25, $error, $reason, 5);
                    if (!$server) return;
                    say($server, null);
                    foreach (['EHLO ylmf-pc', 'MAIL FROM:<account@bank.example>', "RCPT TO:<victim$number@post.example>",
                        "RCPT TO:<victim$number@inbox.example>", 'DATA', "Subject: Your account\r\n\r\nDear customer\r\n.",
                        'QUIT'] as $command) say($server, $command);
                    fclose($server);
                }

                for ($number = 1; $number <= 3000; $number++) {
                    send_mail('198.51.100.' . (130 + $number % 97), $number);
                    usleep(330000);
                }
                """#
            case .perl:
                #"""
                # Planted by `mailsnoop demo`: what a compromised site sends, to hosts that do not exist.
                use IO::Socket::INET;
                for my $number (1 .. 3000) {
                    my $host = '198.51.100.' . (130 + $number % 97);
                    if (my $server = IO::Socket::INET->new(PeerAddr => $host, PeerPort => 25, Timeout => 5)) {
                        <$server>;
                        for ('EHLO ylmf-pc', 'MAIL FROM:<account@bank.example>', "RCPT TO:<victim$number\@post.example>",
                            "RCPT TO:<victim$number\@inbox.example>", 'DATA', "Subject: Your account\r\n\r\nDear customer\r\n.",
                            'QUIT') {
                            print $server "$_\r\n";
                            <$server>;
                        }
                    }
                    select(undef, undef, undef, 0.33);
                }
                """#
            }
        }

        /// A mail to a relay each four seconds.
        fileprivate var order: String {
            switch self {
            case .php:
                #"""
                <?php
                for ($number = 1; $number <= 250; $number++) {
                    $server = @fsockopen('198.51.100.30', 587, $error, $reason, 5);
                    if ($server) {
                        fgets($server);
                        foreach (['EHLO shop.example', 'AUTH PLAIN AHNob3AAc2VjcmV0', 'MAIL FROM:<orders@shop.example>',
                            'RCPT TO:<customer@example.net>', 'DATA', "Subject: Your order\r\n\r\nThank you\r\n.",
                            'QUIT'] as $command) { fwrite($server, "$command\r\n"); fgets($server); }
                        fclose($server);
                    }
                    sleep(4);
                }
                """#
            case .perl:
                #"""
                use IO::Socket::INET;
                for my $number (1 .. 250) {
                    if (my $server = IO::Socket::INET->new(PeerAddr => '198.51.100.30', PeerPort => 587, Timeout => 5)) {
                        <$server>;
                        for ('EHLO shop.example', 'AUTH PLAIN AHNob3AAc2VjcmV0', 'MAIL FROM:<orders@shop.example>',
                            'RCPT TO:<customer@example.net>', 'DATA', "Subject: Your order\r\n\r\nThank you\r\n.", 'QUIT') {
                            print $server "$_\r\n";
                            <$server>;
                        }
                    }
                    sleep 4;
                }
                """#
            }
        }
    }
}
