import Foundation
import TestSupport
import Testing

/// A web server's PHP, run for one test on a port of 127.0.0.1.
final class PHPServer {
    private let child: Child
    let port: UInt16

    private init(_ command: [String], port: UInt16) throws {
        self.port = port
        child = try Child(command)
        let deadline = Date.now + 20
        while try shell("exec 3<>/dev/tcp/127.0.0.1/\(port)").status != 0 {
            guard child.isRunning, Date.now < deadline else {
                throw FastCGI.NoAnswer(reason: "\(command) does not listen: \(child.end().errors)")
            }
        }
    }

    deinit {
        child.kill(SIGTERM)
        _ = child.end()
    }

    /// FPM with one pool of that name.
    static func fpm(
        _ php: PHPInstallation, _ folder: PHPFolder, pool: String = "www", workers: Int = 1, port: UInt16 = 10_091,
        extensions: [String] = [], settings: [String] = []
    ) throws -> PHPServer {
        let configuration = try folder.add(
            """
            [global]
            error_log = \(folder.inside)/fpm.log
            [\(pool)]
            listen = 127.0.0.1:\(port)
            user = www-data
            group = www-data
            pm = static
            pm.max_children = \(workers)
            clear_env = no

            """, to: "fpm.conf")
        return try PHPServer(
            php.fpm(
                extensions: extensions,
                settings.flatMap { ["-d", $0] } + ["--nodaemonize", "--fpm-config", configuration]), port: port)
    }

    /// The FastCGI variables that a web server sends for a request of a front controller.
    static func variables(
        script: String, host: String = "shop.example", uri: String = "/", client: String = "203.0.113.9",
        method: String = "GET", _ more: [String: String] = [:]
    ) -> [String: String] {
        [
            "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method,
            "SCRIPT_FILENAME": script, "SCRIPT_NAME": "/index.php", "REQUEST_URI": uri, "HTTP_HOST": host,
            "SERVER_NAME": "default.example", "REMOTE_ADDR": client,
            "QUERY_STRING": uri.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? "",
        ].merging(more) { $1 }
    }

    /// A request to FPM. Returns what the script of the front controller says.
    func say(_ variables: [String: String]) throws -> Said {
        let answer = try FastCGI.request(port: port, variables)
        let body = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).last)
        do { return try JSONDecoder().decode(Said.self, from: Data(body.utf8)) } catch {
            throw FastCGI.NoAnswer(reason: answer)
        }
    }

    /// Apache with the machine's libphp and these virtual hosts: name and document root.
    static func apache(_ folder: PHPFolder, hosts: [(name: String, root: String)], port: UInt16 = 10_093) throws
        -> PHPServer
    {
        let library = try #require(
            try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/apache2/modules").filter {
                $0.hasPrefix("libphp")
            }.max(), "there is no libphp: apt-get install libapache2-mod-php")
        let modules = ["mpm_prefork", "authz_core", "dir", "env"].map {
            "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so"
        }
        let virtualHosts = hosts.map {
            """
            <VirtualHost 127.0.0.1:\(port)>
            ServerName \($0.name)
            DocumentRoot \($0.root)
            FallbackResource /index.php
            </VirtualHost>
            """
        }
        let configuration = try folder.add(
            """
            ServerRoot \(folder.inside)
            ServerName default.example
            PidFile \(folder.inside)/apache.pid
            ErrorLog \(folder.inside)/error.log
            Listen 127.0.0.1:\(port)
            \(modules.joined(separator: "\n"))
            LoadModule php_module /usr/lib/apache2/modules/\(library)
            PHPINIDir \(folder.inside)
            User www-data
            Group www-data
            StartServers 2
            SetEnv PORT 10067
            <FilesMatch \\.php$>
            SetHandler application/x-httpd-php
            </FilesMatch>
            \(virtualHosts.joined(separator: "\n"))

            """, to: "apache.conf")
        return try PHPServer(["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", configuration], port: port)
    }
}
