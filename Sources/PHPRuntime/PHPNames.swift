/// What programs are called that hold PHP or load it.
enum PHPNames {
    /// The last part of a path, as readlink of /proc/PID/exe and /proc/PID/maps give it.
    static func fileName(_ path: String) -> Substring {
        let name = path.split(separator: "/").last ?? ""
        return name.hasSuffix(" (deleted)") ? name.dropLast(" (deleted)".count) : name
    }

    static func isProgram(_ name: Substring) -> Bool { name.hasPrefix("php") || name.hasPrefix("lsphp") }

    /// Also `httpd-prefork` and `httpd.worker`.
    static func isHost(_ name: Substring) -> Bool {
        ["apache2", "httpd", "httpd2", "frankenphp"].contains { host in
            name == host || name.hasPrefix(host + "-") || name.hasPrefix(host + ".")
        }
    }

    /// `libphp.so`, `libphp8.2.so`, and SUSE's `mod_php8.so`.
    static func isLibrary(_ name: Substring) -> Bool {
        (name.hasPrefix("libphp") || name.hasPrefix("mod_php")) && name.contains(".so")
    }
}
