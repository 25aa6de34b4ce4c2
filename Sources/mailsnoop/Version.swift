internal import KernelProbe

/// What this program is: the one place of its number, which the Makefile reads too.
enum Version {
    static let number = "0.1.0"

    /// With the kernel hooks that are compiled in.
    static var text: String {
        "mailsnoop \(number)\nhooks: \(Hook.allCases.map(\.target).joined(separator: ", "))"
    }
}
