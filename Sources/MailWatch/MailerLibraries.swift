/// Code that sends what others give it: a frame in it does not say who wants the mail sent.
///
/// It goes by names, and anybody can call a folder PHPMailer: then the frame outwards is shown in its place, and the
/// whole stack is still there.
public enum MailerLibraries {
    /// Whether the file is of a known mailer, or of what frameworks put between a mailer's own frames.
    public static func isMailer(file: [UInt8]) -> Bool {
        let components = Path.components(file)
        guard let name = components.last else { return false }
        if files.contains(where: { name.elementsEqual($0.utf8) }) { return true }
        return components.indices.contains { index in
            let rest = components[index...]
            return isFolder(rest) || paths.contains { rest.starts(with: $0) { $0.elementsEqual($1.utf8) } }
        }
    }

    private static let files = ["class.phpmailer.php", "class.smtp.php", "class-phpmailer.php", "class-smtp.php"]

    /// Folders, and files where they say so. Case as on disk.
    private static let paths: [[Substring]] =
        [
            // WordPress: wp_mail(), and the hooks by which plugins take its place.
            "wp-includes/pluggable.php", "wp-includes/plugin.php", "wp-includes/class-wp-hook.php",
            "plugins/wp-mail-smtp", "plugins/post-smtp", "plugins/easy-wp-smtp", "plugins/fluent-smtp",
            // Symfony, as Composer and as Debian install it.
            "vendor/symfony/mailer", "vendor/symfony/mime", "vendor/symfony/messenger",
            "vendor/symfony/event-dispatcher", "Symfony/Component/Mailer", "Symfony/Component/Mime",
            "swiftmailer", "Swift/Transport", "Swift/Mailer.php", "classes/Swift", "share/php/Swift",
            // Laravel: facades and traits stand between.
            "Illuminate/Mail", "Illuminate/Notifications", "Illuminate/Support",
            "laminas-mail", "zend-mail", "Zend/Mail", "Zend/Mail.php",
            // PEAR.
            "share/php/Mail.php", "share/php/Mail", "share/php/libphp-phpmailer", "share/pear/Mail.php",
            "share/pear/Mail", "lib/php/Mail.php",
            "lib/php/Mail", "Net/SMTP.php", "Net/SMTP", "Net/Socket.php", "Net/Socket", "pear/mail", "pear/net_smtp",
            "pear/net_socket",
            "libraries/src/Mail", "libraries/joomla/mail",
            // Drupal sends within a render context.
            "core/lib/Drupal/Core/Mail", "core/lib/Drupal/Core/Render", "includes/mail.inc",
            "modules/system/system.mail.inc",
            "Magento/Framework/Mail", "magento/framework/Mail", "Magento/Framework/Interception",
            "magento/framework/Interception",
            "classes/Mail.php",
            "nette/mail",
        ].map { $0.split(separator: "/") }

    /// A folder at the front that is called in more than one way.
    private static func isFolder(_ components: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        guard components.count > 1, let first = components.first else { return false }
        // ASCII letters in any case.
        if first.elementsEqual("phpmailer".utf8, by: { $0 == $1 || $0 ^ 0x20 == $1 }) { return true }
        // The bridges of Symfony Mailer: vendor/symfony/sendgrid-mailer.
        return components.count > 3 && components.starts(with: ["vendor", "symfony"]) { $0.elementsEqual($1.utf8) }
            && components[components.startIndex + 2].ends(with: "-mailer")
    }
}

extension PHPContext {
    /// The frame to blame, as an index: the innermost of PHP code outside of the known mailer libraries, or of any PHP
    /// code where all is within them. Nil where no PHP code is on the stack.
    public var culprit: Int? {
        let code = frames.indices.filter { frames[$0].kind == .user || frames[$0].kind == .eval }
        return code.first { !MailerLibraries.isMailer(file: frames[$0].sourceFile) } ?? code.first
    }
}
