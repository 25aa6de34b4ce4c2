import Foundation
import MailWatch
import TestSupport
import Testing

extension KernelSuite {
    /// What the virtual machines have not: PHP's extensions, other versions of it, overlays.
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

        /// As in a container: the kernel names the file by the overlay's device, user space by that of the layer below.
        @Test func onAnOverlayPHPIsKnownByItsLooks() throws {
            let php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-cli")
            let folder = try PHPFolder(php)
            let script = try folder.add("<?php\n@fsockopen('127.0.0.1', \(port));\n", to: "script.php")
            for name in ["merged", "layers"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder.outside)/\(name)", withIntermediateDirectories: true)
            }
            var trace = try LiveTrace(port: port, php: php.binaries())
            let name = "php\(php.series)"
            // An overlay cannot lie on another one: its layers are in a tmpfs.
            let result = try shell(
                """
                cd \(folder.outside) && unshare --mount bash -euc '
                mount -t tmpfs tmpfs layers && mkdir layers/{lower,upper,work}
                cp --preserve=timestamps /usr/bin/\(name) layers/lower/
                mount -t overlay overlay -o lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work merged
                merged/\(name) -n \(script)'
                """)
            #expect(result.status == 0, "\(result.errors)")
            #expect(trace.ended(1).first?.php?.line == 2)
        }
    }
}
