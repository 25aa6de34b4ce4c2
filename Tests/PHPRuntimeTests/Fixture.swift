import Foundation
import TestSupport
import Testing

/// A folder of a test, with programs that gcc makes of a few lines; removed with it.
final class Fixture {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: folder.appending(path: name))
        return path(name)
    }

    /// What looks like PHP from outside.
    struct Source {
        var version: String? = "8.2.36"
        var build: String? = "API20220829,NTS"
        var executorGlobals = "char executor_globals[1800];"
        var others = "char sapi_globals[552]; char sapi_module[280];"

        var text: String {
            let texts = [version.map { "X-Powered-By: PHP/\($0)" }, build].compactMap(\.self)
            let constants = texts.enumerated().map {
                "__attribute__((used)) const char text\($0.offset)[] = \"\($0.element)\";"
            }
            return """
                \(constants.joined(separator: "\n"))
                \(executorGlobals)
                \(others)
                #include <unistd.h>
                int main(void) { return pause(); }
                """
        }
    }

    /// - Parameter options: of gcc, before the file.
    @discardableResult
    func compile(_ name: String, _ source: Source = Source(), options: [String] = ["-rdynamic"]) throws -> String {
        try write(Array(source.text.utf8), to: "\(name).c")
        let result = try Child(["gcc", "-w"] + options + ["-o", path(name), path("\(name).c")]).end()
        try #require(result.status == 0, "\(result.errors)")
        return path(name)
    }

    /// The numbers that `nm` tells.
    func address(of symbol: String, in name: String) throws -> UInt64? {
        let lines = try Child(["nm", path(name)]).end().lines
        return lines.first { $0.hasSuffix(" \(symbol)") }.flatMap { UInt64($0.prefix { $0 != " " }, radix: 16) }
    }
}
