import MailWatch
import Scripts
import Testing

/// A file system of names and contents.
private func view(_ files: [String: String]) -> FileView {
    FileView { path in
        let path = String(decoding: path, as: UTF8.self)
        return files.keys.contains { $0 == path || $0.hasPrefix(path + "/") }
    } read: { path, limit in
        files[String(decoding: path, as: UTF8.self)].map { Array($0.utf8.prefix(limit)) }
    }
}

struct WebApplicationTests {
    private func detect(_ files: [String: String], _ path: String, others: [String] = []) -> String {
        guard
            let found = WebApplicationDetector(view(files)).application(
                of: Array(path.utf8), others: others.map { Array($0.utf8) })
        else { return "none" }
        var words = [found.kind.rawValue, found.version ?? "-", String(decoding: found.root, as: UTF8.self)]
        if let component = found.component {
            words.append("\(component.kind.rawValue):\(String(decoding: component.name, as: UTF8.self))")
        }
        return words.joined(separator: " ")
    }

    private let wordPress = [
        "/w/wp-load.php": "<?php", "/w/index.php": "<?php",
        "/w/wp-includes/version.php": """
        <?php
        /**
         * @global string $wp_version
         */
        $wp_version = '6.1.9';
        """,
    ]

    @Test(
        arguments: [
            ("/w/index.php", ""), ("/w/wp-content/plugins/form/a/b.php", " plugin:form"),
            ("/w/wp-content/plugins/hello.php", " plugin:hello.php"), ("/w/wp-content/mu-plugins/m/x.php", " plugin:m"),
            ("/w/wp-content/themes/t/functions.php", " theme:t"),
            ("/w/wp-content/uploads/2024/01/x.php", " uploads:"), ("/w/wp-content/uploads", ""),
        ])
    func wordPress(path: String, component: String) {
        #expect(detect(wordPress, path) == "WordPress 6.1.9 /w\(component)")
    }

    @Test func aPluginOutsideOfTheRoot() {
        let plugin = "/var/lib/wordpress/wp-content/plugins/x/x.php"
        #expect(detect(wordPress, plugin, others: ["/w/wp-cron.php"]) == "WordPress 6.1.9 /w plugin:x")
        #expect(detect(wordPress, plugin).hasPrefix("plain - /var/lib/wordpress/wp-content/plugins/x"))
    }

    @Test func joomla() {
        let version = """
            const MAJOR_VERSION = 4;
            const MINOR_VERSION = 0;
            const PATCH_VERSION = 6;
            const EXTRA_VERSION = 'rc3';
            """
        let path = "/j/administrator/components/com_x/x.php"
        #expect(detect(["/j/libraries/src/Version.php": version], path) == "Joomla 4.0.6-rc3 /j module:com_x")
        let old = "public $RELEASE = '2.5';\npublic $DEV_LEVEL = '28';"
        #expect(
            detect(["/j/libraries/cms/version/version.php": old], "/j/plugins/system/x/x.php")
                == "Joomla 2.5.28 /j plugin:system/x")
        let manifest = "<?xml version=\"1.0\"?>\n<extension><version>4.2.8</version></extension>"
        #expect(
            detect(["/j/administrator/manifests/files/joomla.xml": manifest], "/j/images/x/y.php")
                == "Joomla 4.2.8 /j uploads:")
    }

    @Test func drupal() {
        let new = ["/d/core/lib/Drupal.php": "class Drupal {\n  const VERSION = '9.5.11';\n  const CORE = '8.x';"]
        #expect(detect(new, "/d/modules/contrib/smtp/x.php") == "Drupal 9.5.11 /d module:smtp")
        #expect(detect(new, "/d/sites/example.org/files/x.php") == "Drupal 9.5.11 /d uploads:")
        let old = ["/d/includes/bootstrap.inc": "/**\n * VERSION\n */\ndefine('VERSION', '7.98');"]
        #expect(detect(old, "/d/sites/all/modules/x/x.module") == "Drupal 7.98 /d module:x")
    }

    @Test func magento() {
        let composer = "{\"require\": {\"magento/product-community-edition\": \"2.4.6-p3\"}, \"version\": \"2.4.6\"}"
        let new = ["/m/bin/magento": "", "/m/composer.json": composer]
        #expect(detect(new, "/m/app/code/Acme/Mail/x.php") == "Magento 2.4.6-p3 /m module:Acme/Mail")
        #expect(detect(new, "/m/pub/media/x.php") == "Magento 2.4.6-p3 /m uploads:")
        #expect(detect(new, "/m/vendor/a/b/x.php") == "Magento 2.4.6-p3 /m vendor:a/b")
        let mage = "'major' => '1',\n'minor' => '9',\n'revision' => '4',\n'patch' => '5',\n'stability' => '',"
        #expect(
            detect(["/m/app/Mage.php": mage], "/m/app/code/local/A/B/x.php") == "Magento 1.9.4.5 /m module:A/B")
    }

    @Test func prestaShop() {
        let old = ["/p/config/settings.inc.php": "define('_PS_VERSION_', '1.6.1.24');"]
        #expect(detect(old, "/p/modules/m/x.php") == "PrestaShop 1.6.1.24 /p module:m")
        let new = [
            "/p/config/config.inc.php": "", "/p/config/defines.inc.php": "", "/p/bin/console": "",
            "/p/vendor/symfony/http-kernel/Kernel.php": "public const VERSION = '4.4.50';",
            "/p/app/AppKernel.php": "class AppKernel extends Kernel\n{\n    const VERSION = '1.7.7.0';",
        ]
        #expect(detect(new, "/p/img/x.php") == "PrestaShop 1.7.7.0 /p uploads:")
    }

    @Test func laravelAndSymfony() {
        let laravel = [
            "/l/artisan": "", "/l/bootstrap/app.php": "", "/l/public/index.php": "",
            "/l/vendor/laravel/framework/src/Illuminate/Foundation/Application.php": "    const VERSION = '10.48.4';",
        ]
        #expect(detect(laravel, "/l/public/index.php") == "Laravel 10.48.4 /l")
        #expect(detect(laravel, "/l/storage/app/public/x.php") == "Laravel 10.48.4 /l uploads:")
        let symfony = [
            "/s/bin/console": "", "/s/vendor/symfony/http-kernel/Kernel.php": "    public const VERSION = '6.2.7';",
        ]
        #expect(detect(symfony, "/s/vendor/a/b/src/x.php") == "Symfony 6.2.7 /s vendor:a/b")
    }

    @Test func plain() {
        #expect(detect(["/h/www/index.php": ""], "/h/www/a/b/x.php") == "plain - /h/www")
        #expect(detect([:], "/h/www/a/x.php") == "plain - /h/www/a")
        #expect(detect([:], "/x.php") == "plain - /")
        #expect(detect([:], "x.php") == "none")
    }

    @Test(
        arguments: [
            "$wp_version = '6.1';", "$wp_version='6.1'", "$wp_version = \"6.1\"",
            "$wp_version\n= '\u{1b}[2J';$wp_version = '6.1'",
        ])
    func versionsThatAreRead(text: String) {
        #expect(detect(["/w/wp-includes/version.php": text], "/w/x.php") == "WordPress 6.1 /w")
    }

    @Test(
        arguments: [
            "", "$wp_version", "$wp_version = ", "$wp_version = '", "$wp_version = ''", "$wp_version = '6.1",
            "$wp_version = '6.1\"", "$wp_version = '\u{1b}[2J'", "$wp_version = '\(String(repeating: "1", count: 33))'",
            "$wp_version = $x . '6.1'", String(repeating: " ", count: 65_536) + "$wp_version = '6.1'",
        ])
    func versionsThatAreNot(text: String) {
        #expect(detect(["/w/wp-includes/version.php": text], "/w/x.php") == "WordPress - /w")
    }

    @Test func theSearchIsBounded() {
        var probes = 0
        let files = FileView { _ in
            probes += 1
            return false
        } read: { _, _ in
            Issue.record("nothing is there to be read")
            return nil
        }
        let deep = (0..<19).map { other in
            Array((String(repeating: "/d\(other)", count: 500) + "/x.php").utf8)
        }
        let found = WebApplicationDetector(files).application(of: deep[0], others: deep)
        #expect(probes <= 1024)
        #expect(found?.kind == .plain)
    }
}
