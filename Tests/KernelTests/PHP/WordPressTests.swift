import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// Debian's WordPress with a real database. A plugin mails by wp_mail() and by a socket of its own; the program that
    /// users run tells about it.
    @Suite struct WordPressTests {
        private let php: PHPInstallation
        private let folder: PHPFolder
        private let root: String
        private static let extensions = ["mysqlnd", "mysqli"]

        init() throws {
            php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-fpm php-mysql")
            folder = try PHPFolder(php)
            root = "\(folder.inside)/blog"
        }

        /// A database of its own, reached by a socket in the folder.
        private func database() throws -> Child {
            let data = "\(folder.inside)/data"
            let options = "--no-defaults --user=root --datadir=\(data)"
            let installed = try shell("mariadb-install-db \(options) --auth-root-authentication-method=normal")
            try #require(installed.status == 0, "apt-get install mariadb-server-core: \(installed.errors)")
            let server = try Child(
                ["/usr/sbin/mariadbd"] + options.split(separator: " ").map(String.init) + [
                    "--skip-networking", "--socket=\(folder.inside)/socket", "--pid-file=\(folder.inside)/pid",
                ])
            let deadline = Date.now + 30
            while !FileManager.default.fileExists(atPath: "\(folder.outside)/socket"), Date.now < deadline {
                try #require(server.isRunning)
            }
            return server
        }

        private func install() throws {
            try shell("cp -rL /usr/share/wordpress \(root)")
            try folder.add("acme-newsletter.php", at: "blog/wp-content/plugins/acme-newsletter/acme-newsletter.php")
            try folder.add(
                """
                <?php
                define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
                define('DB_HOST', 'localhost:\(folder.inside)/socket'); define('DB_CHARSET', 'utf8');
                define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
                $table_prefix = 'wp_';
                require_once __DIR__ . '/wp-settings.php';

                """, to: "blog/wp-config.php")
            let script = try folder.add("wordpress-install.php")
            let result = try Child(
                php.commandLine(extensions: Self.extensions, [script, root, "\(folder.inside)/socket"])
            ).end()
            #expect(result.text.hasSuffix("installed"), "\(result.text) \(result.errors)")
        }

        @Test func pluginThatMailsIsNamed() throws {
            let database = try database()
            defer {
                database.kill(SIGTERM)
                database.end()
            }
            try install()
            let server = try PHPServer.fpm(php, folder, pool: "blogs", extensions: Self.extensions)
            let trace = try Child([Repository.mailsnoop, "trace", "--port", "10081"])
            // The header tells that it has begun.
            #expect(trace.line().hasPrefix("TIME"))
            let version = try #require(
                try String(contentsOfFile: "\(root)/wp-includes/version.php", encoding: .utf8).split(separator: "\n")
                    .first { $0.hasPrefix("$wp_version = ") }?.split(separator: "'")[1])
            for (kind, line, function) in [("smtp", 8, #"Acme\\smtp"#), ("raw", 10, #"Acme\\raw"#)] {
                _ = try FastCGI.request(
                    port: server.port,
                    PHPServer.variables(
                        script: "\(root)/index.php", host: "blog.example", uri: "/?newsletter=\(kind)",
                        ["PHP_SELF": "/index.php"]))
                let row = trace.line()
                #expect(
                    row.hasSuffix(
                        "127.0.0.1:10081              \(root)/wp-content/plugins/acme-newsletter/acme-newsletter.php:\(line) "
                            + "\(function) | GET blog.example/ from 203.0.113.9 | WordPress \(version), "
                            + "plugin acme-newsletter, in \(root) | pool blogs"), "\(row)")
            }
            trace.kill(SIGINT)
            #expect(trace.end().text.contains("lost: nothing"))
        }
    }
}
