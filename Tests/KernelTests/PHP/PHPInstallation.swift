import Foundation
import PHPRuntime
import TestSupport
import Testing

/// A PHP to run: the machine's own, or one that Tests/php/fetch has unpacked and that runs by chroot.
struct PHPInstallation: Sendable, CustomTestStringConvertible {
    let series: String
    /// Where its own root is; nil for the machine's.
    let root: String?

    var testDescription: String { series + (root == nil ? "" : " (unpacked)") }

    /// The machine's.
    static let system: PHPInstallation? = (0...9).lazy.flatMap { major in (0...9).lazy.map { "\(major).\($0)" } }
        .last { FileManager.default.isExecutableFile(atPath: "/usr/bin/php\($0)") }
        .map { PHPInstallation(series: $0, root: nil) }

    /// The machine's, and those that are unpacked. The newest has no row of its own in the table of layouts.
    static let allSeries = [system?.series ?? "none", "7.4", "8.4", "8.5", "8.6"]

    /// One that was unpacked. Cancels the test where it could not be had.
    static func unpacked(_ series: String) throws -> PHPInstallation {
        let root = "\(Repository.build)/php/\(series)"
        guard FileManager.default.fileExists(atPath: root) else {
            let reason = try? String(contentsOfFile: root + ".missing", encoding: .utf8)
            try Test.cancel("PHP \(series) cannot be fetched: \(reason ?? "run `make php`")")
        }
        return PHPInstallation(series: series, root: root)
    }

    private func command(_ program: String, _ extensions: [String], _ arguments: [String]) -> [String] {
        // -n: no php.ini of the machine. PHP 7 has JSON as an extension, and since 8.5 opcache is none.
        let extensions = (series < "8" ? ["json"] : []) + extensions.filter { $0 != "opcache" || series < "8.5" }
        return (root.map { ["/usr/sbin/chroot", $0] } ?? []) + [program, "-n"]
            + extensions.flatMap { ["-d", ($0 == "opcache" ? "zend_extension=" : "extension=") + $0] } + arguments
    }

    func commandLine(extensions: [String] = [], _ arguments: [String]) -> [String] {
        command("/usr/bin/php\(series)", extensions, arguments)
    }

    func fpm(extensions: [String] = [], _ arguments: [String]) -> [String] {
        command("/usr/sbin/php-fpm\(series)", extensions, arguments)
    }

    var cgi: [String] { command("/usr/bin/php-cgi\(series)", [], []) }

    /// The binaries, as the probe has to know them.
    func binaries() throws -> [PHPBinary] {
        let paths = ["/usr/bin/php\(series)", "/usr/sbin/php-fpm\(series)", "/usr/bin/php-cgi\(series)"]
        let known = paths.compactMap { path -> PHPBinary? in
            guard case .known(let binary) = PHPInspector.inspect(path: (root ?? "") + path) else { return nil }
            return binary
        }
        #expect(!known.isEmpty, "no PHP \(series) is known")
        return known
    }
}

/// A folder for a test's scripts, which the PHP of an installation sees under `inside`.
final class PHPFolder {
    /// As the machine names it, and as PHP does.
    let outside: String
    let inside: String

    init(_ php: PHPInstallation) throws {
        inside = "/srv/mailsnoop-\(UUID().uuidString)"
        outside = (php.root ?? "") + inside
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        // FPM's workers write here too.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: outside)
    }

    deinit { try? FileManager.default.removeItem(atPath: outside) }

    /// Copies a file of Tests/php to `path` in the folder. Returns its name inside.
    @discardableResult
    func add(_ name: String, at path: String? = nil) throws -> String {
        try add(try String(contentsOfFile: "\(Repository.tests)/php/\(name)", encoding: .utf8), to: path ?? name)
    }

    @discardableResult
    func add(_ text: String, to path: String) throws -> String {
        let url = URL(filePath: "\(outside)/\(path)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return "\(inside)/\(path)"
    }

    func read(_ path: String) -> String {
        (try? String(contentsOfFile: "\(outside)/\(path)", encoding: .utf8)) ?? ""
    }
}

/// Where a script of Tests/php says that it is about to connect.
struct Said: Decodable, Equatable, Sendable {
    var kind: String? = nil
    var via: String? = nil
    let file: String
    let line: UInt32
    let call: String
    var depth: Int? = nil
    let pid: UInt32
    var host: String? = nil
    var uri: String? = nil
    var client: String? = nil
    var method: String? = nil

    static func lines(_ text: String) throws -> [Said] {
        try text.split(separator: "\n").map { try JSONDecoder().decode(Said.self, from: Data($0.utf8)) }
    }
}
