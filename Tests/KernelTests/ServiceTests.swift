import Foundation
import TestSupport
import Testing

extension KernelSuite {
    /// The recorder under a real systemd, with the package's unit. `sudo make test-systemd` does it with the package, in a
    /// virtual machine.
    struct ServiceTests {
        @Test func theRecorderUnderSystemd() throws {
            let machine = try Child(["\(Repository.tests)/systemd/machine"])
            let result = machine.end()
            for line in result.lines where line.contains("] NOT OK ") { Issue.record("\(line)") }
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.lines.last?.hasSuffix(" passed, 0 failed") == true)
        }
    }
}
