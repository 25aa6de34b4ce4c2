import Foundation

/// What the tests run on.
enum Machine {
    /// One of the virtual machines of Tests/kernels: slow, and with little in it.
    static let isEmulated = ProcessInfo.processInfo.environment["MAILSNOOP_TEST_EMULATED"] != nil
}
