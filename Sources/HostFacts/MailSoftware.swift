/// A mail server's delivering program: where distributions install it, and the users that it runs as.
///
/// msmtp, ssmtp and esmtp are none: they run as the caller, with the caller's configuration.
struct MailSoftware: Sendable {
    let name: String
    /// Paths of the exe; one with a slash at its end stands for all that is in the folder.
    let paths: [String]
    /// Names of the effective user. None where the program takes its group by set-group-ID instead, and runs as the caller.
    let users: [String]

    /// By the packages of Debian 11 to 13, Fedora and Arch, and the projects' own defaults.
    static let known = [
        MailSoftware(
            name: "Postfix",
            paths: ["/usr/lib/postfix", "/usr/libexec/postfix", "/usr/lib/postfix/sbin", "/usr/lib/postfix/bin"].flatMap
            {
                ["\($0)/smtp", "\($0)/lmtp"]
            }, users: ["postfix"]),
        MailSoftware(
            name: "Exim", paths: ["/usr/sbin/exim4", "/usr/sbin/exim", "/usr/exim/bin/exim"],
            users: ["Debian-exim", "exim", "mailnull", "root"]),
        MailSoftware(
            name: "OpenSMTPD", paths: ["/usr/sbin/smtpd", "/usr/libexec/opensmtpd/"],
            users: ["opensmtpd", "opensmtpq", "smtpd", "smtpq", "_smtpd", "_smtpq"]),
        MailSoftware(
            name: "Sendmail",
            paths: [
                "/usr/libexec/sendmail/sendmail", "/usr/lib/sm.bin/sendmail", "/usr/sbin/sendmail-mta",
                "/usr/sbin/sendmail.sendmail",
            ], users: ["root", "smmta", "smmsp"]),
        MailSoftware(name: "dma", paths: ["/usr/sbin/dma"], users: []),
        MailSoftware(
            name: "nullmailer", paths: ["/usr/lib/nullmailer/smtp", "/usr/libexec/nullmailer/smtp"],
            users: ["mail", "nullmail"]),
        MailSoftware(
            name: "qmail", paths: ["/var/qmail/bin/qmail-remote", "/usr/sbin/qmail-remote"], users: ["qmailr"]),
        MailSoftware(
            name: "Courier", paths: ["/usr/lib/courier/courier/modules/esmtp/courieresmtp"],
            users: ["courier", "daemon"]),
    ]

    func isAt(_ path: String) -> Bool {
        paths.contains {
            $0.hasSuffix("/") ? path.hasPrefix($0) && !path.dropFirst($0.utf8.count).contains("/") : $0 == path
        }
    }
}
