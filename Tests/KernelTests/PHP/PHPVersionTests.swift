import TestSupport
import Testing

extension KernelSuite {
    /// The machine's PHP with its extensions, and others that are unpacked for this.
    @Suite struct PHPVersionTests {
        private let port: UInt16 = 10_063

        @Test(arguments: PHPInstallation.allSeries)
        func withExtensionsAndTheJIT(series: String) throws {
            let own = PHPInstallation.system.flatMap { $0.series == series ? $0 : nil }
            let php = try own ?? PHPInstallation.unpacked(series)
            var kinds = PHPCalls.kinds + ["socket", "curl"] + (series >= "8.1" ? ["fiber"] : [])
            // The unpacked ones have no bash.
            if own == nil { kinds.removeAll { $0 == "exec" || $0 == "daemon" } }
            try PHPCalls(port: port).compare(php, kinds, extensions: ["sockets", "curl"])
            try PHPCalls(port: port).compare(
                php, kinds, extensions: ["sockets", "curl", "opcache"],
                settings: ["opcache.enable_cli=1", "opcache.jit_buffer_size=16M", "opcache.jit=tracing"])
        }
    }
}
