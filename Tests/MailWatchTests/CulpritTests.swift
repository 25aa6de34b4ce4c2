import MailWatch
import Testing

struct CulpritTests {
    private func context(_ frames: [(PHPContext.Frame.Kind, String)]) -> PHPContext {
        var context = PHPContext()
        context.frames = frames.map { PHPContext.Frame(kind: $0.0, file: Array($0.1.utf8)) }
        return context
    }

    @Test func aPluginThatCallsWPMail() {
        let root = "/usr/share/wordpress"
        let frames: [(PHPContext.Frame.Kind, String)] = [
            (.internal, ""), (.user, root + "/wp-includes/PHPMailer/SMTP.php"),
            (.user, root + "/wp-includes/PHPMailer/PHPMailer.php"), (.user, root + "/wp-includes/pluggable.php"),
            (.user, "/var/lib/wordpress/wp-content/plugins/x/x.php"), (.user, root + "/wp-includes/class-wp-hook.php"),
            (.user, root + "/wp-includes/plugin.php"), (.user, root + "/wp-settings.php"),
        ]
        #expect(context(frames).culprit == 4)
    }

    @Test func aMailPluginInTheWayIsNotToBlame() {
        let content = "/srv/wp/wp-content/plugins"
        let frames: [(PHPContext.Frame.Kind, String)] = [
            (.user, content + "/fluent-smtp/app/Mailer.php"), (.user, "/srv/wp/wp-includes/class-wp-hook.php"),
            (.user, "/srv/wp/wp-includes/plugin.php"), (.user, "/srv/wp/wp-includes/pluggable.php"),
            (.user, content + "/form/send.php"),
        ]
        #expect(context(frames).culprit == 4)
    }

    @Test func whereAllIsAMailerTheInnermostIsShown() {
        let frames: [(PHPContext.Frame.Kind, String)] = [
            (.internal, ""), (.user, "/a/PHPMailer/src/SMTP.php"), (.user, "/a/phpmailer/t.php"),
        ]
        #expect(context(frames).culprit == 1)
    }

    @Test func withoutPHPCodeNobodyIs() {
        #expect(context([]).culprit == nil)
        #expect(context([(.internal, ""), (.none, "")]).culprit == nil)
    }

    @Test func evaluatedCodeIsOfItsFile() {
        let eval = "(3) : eval()'d code"
        #expect(context([(.eval, "/a/PHPMailer/x.php" + eval), (.user, "/a/x.php" + eval)]).culprit == 1)
        #expect(context([(.eval, "/a/x.php" + eval), (.user, "/a/x.php")]).culprit == 0)
    }

    @Test(
        arguments: [
            "/a/phpMAILER/x.php", "/a/class.phpmailer.php", "/w/wp-includes/class-smtp.php",
            "/w/wp-includes/PHPMailer/SMTP.php", "/a/vendor/symfony/mailer/Mailer.php",
            "/a/vendor/symfony/sendgrid-mailer/T.php", "/a/vendor/swiftmailer/swiftmailer/lib/x.php",
            "/a/Swift/Transport/Smtp.php", "/a/vendor/laravel/framework/src/Illuminate/Mail/Mailer.php",
            "/a/vendor/laminas/laminas-mail/src/T.php", "/a/Zend/Mail/Transport.php", "/usr/share/php/Mail.php",
            "/usr/share/php/Mail/smtp.php", "/usr/share/php/Net/SMTP.php", "/j/libraries/src/Mail/Mail.php",
            "/d/core/lib/Drupal/Core/Mail/MailManager.php", "/m/vendor/magento/framework/Mail/Transport.php",
            "/n/vendor/nette/mail/src/S.php", "/w/wp-content/plugins/wp-mail-smtp/x.php",
        ])
    func isAMailer(file: String) { #expect(MailerLibraries.isMailer(file: Array(file.utf8))) }

    @Test(
        arguments: [
            "", "/", "/a/phpmailer", "/a/phpmailer.php", "/a/notPHPMailer/x.php", "/a/phpmailer2/x.php",
            "/a/wp-includes/user.php", "/a/vendor/symfony/console/x.php", "/a/illuminate/mail/x.php",
            "/home/php/Mail/x.php",
            "/a/Mail.php", "/a/vendor/symfony/x", "/a/0h0mailer/x.php",
        ])
    func isNoMailer(file: String) { #expect(!MailerLibraries.isMailer(file: Array(file.utf8))) }

    @Test(
        arguments: [
            ("/a/b.php", "/a/b.php"), ("/a/b.php(12) : eval()'d code", "/a/b.php"),
            ("/a/b.php(12) : eval()'d code(3) : eval()'d code", "/a/b.php"),
            ("/a/b.php(1) : runtime-created function(1) : eval()'d code", "/a/b.php"),
            ("/a(1) : x/b.php(12) : eval()'d code", "/a(1) : x/b.php"),
            ("/a/b.php() : eval()'d code", "/a/b.php() : eval()'d code"),
            ("eval()'d code", "eval()'d code"), ("(1) : eval()'d code", ""), (" : eval()'d code", " : eval()'d code"),
            ("phar:///a/x.phar/inner.php", "/a/x.phar"), ("phar:///a/x.phar.gz/y.phar/i.php", "/a/x.phar.gz"),
            ("phar:///a/x.phar/i.php(2) : eval()'d code", "/a/x.phar"), ("phar:///a/x.zip/i.php", "/a/x.zip"),
            ("phar://x.phar/i.php", "x.phar/i.php"), ("", ""),
        ])
    func sourceFile(name: String, expected: String) {
        let file = PHPContext.Frame(kind: .user, file: Array(name.utf8)).sourceFile
        #expect(String(decoding: file, as: UTF8.self) == expected)
    }

    /// The line of the file, and that within what is compiled there.
    @Test(
        arguments: [
            ("/a/b.php", 7, nil), ("/a/b.php(12) : eval()'d code", 12, 7),
            ("/a/b.php(12) : eval()'d code(3) : eval()'d code", 12, 7),
            ("/a/b.php(1) : runtime-created function(5) : eval()'d code", 1, 7),
            ("/a/b.php(4) : assert code", 4, 7), ("/a(9) : x/b.php(12) : regexp code", 12, 7),
            ("/a/b.php() : eval()'d code", 7, nil), ("/a/b.php(99999999999) : eval()'d code", 0, 7),
            ("phar:///a/x.phar/i.php(2) : eval()'d code", 2, 7), ("", 7, nil),
        ] as [(String, UInt32, UInt32?)])
    func lines(name: String, line: UInt32, evaluated: UInt32?) {
        let frame = PHPContext.Frame(kind: .eval, file: Array(name.utf8), line: 7)
        #expect(frame.sourceLine == line)
        #expect(frame.evaluatedLine == evaluated)
        var context = PHPContext()
        context.frames = [frame]
        let script = Script(evidence: .stack, context: context, facts: nil)
        #expect(script.line == line)
        #expect(script.evaluatedLine == evaluated)
    }

    @Test(
        arguments: [
            ("", "", ""), ("", "f", "f"), ("A\\B", "f", "A\\B::f"), ("A", "{closure}", "A::{closure}"), ("A", "", ""),
            ("class@anonymous\u{0}/a/b.php:3$0", "f", "class@anonymous::f"),
        ])
    func call(scope: String, function: String, expected: String) {
        let frame = PHPContext.Frame(kind: .user, function: Array(function.utf8), scope: Array(scope.utf8))
        #expect(String(decoding: frame.call, as: UTF8.self) == expected)
    }
}
