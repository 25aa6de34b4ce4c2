internal import CLinux
internal import Glibc
internal import HostFacts
internal import KernelProbe
internal import MailWatch

/// Why a command ends early: what to say, and an exit status of sysexits.h.
struct Failure: Error, CustomStringConvertible {
    let description: String
    let exitStatus: Int32

    static func cannotCreate(_ path: String, _ code: Int32) -> Failure {
        Failure(
            description: "cannot write \(path): \(errorText(code)). Choose another file with --output.",
            exitStatus: EX_CANTCREAT)
    }

    /// By errno.
    static func cannotRead(_ path: String) -> Failure {
        let code = errno
        return Failure(
            description: "cannot read \(Escaping.text(path)): \(errorText(code))",
            exitStatus: code == EACCES || code == EPERM ? EX_NOPERM : EX_NOINPUT)
    }

    static func output(_ code: Int32) -> Failure {
        Failure(
            description: "the output could not be written: \(errorText(code)). What was written up to there is whole.",
            exitStatus: EX_IOERR)
    }

    static func probe(_ error: ProbeError) -> Failure {
        let missing = Capabilities().missing
        if error.cause == .notPermitted, !missing.isEmpty {
            let names = ([missing.dropLast().joined(separator: ", ")].filter { !$0.isEmpty } + missing.suffix(1))
                .joined(separator: " and ")
            return Failure(
                description: """
                    not permitted: \(names) \(missing.count == 1 ? "is" : "are") missing. \
                    Run it as root (sudo mailsnoop ...).
                    """, exitStatus: EX_NOPERM)
        }
        if !Kernel.hasBTF {
            return Failure(
                description: """
                    this kernel has no type information (\(Kernel.btfPath)). mailsnoop needs a kernel that was built \
                    with CONFIG_DEBUG_INFO_BTF, as those of Debian 11 and later are.
                    """, exitStatus: EX_UNAVAILABLE)
        }
        if !Probe.hasRingBuffer {
            return Failure(
                description: "this kernel (\(Kernel.release)) has no BPF ring buffer. mailsnoop needs 5.8 or later.",
                exitStatus: EX_UNAVAILABLE)
        }
        return Failure(
            description: "\(error.description). `mailsnoop doctor` tells more.",
            exitStatus: error.cause == .notPermitted ? EX_NOPERM : EX_UNAVAILABLE)
    }

    static func say(_ text: String) { say(bytes: Array("mailsnoop: \(text)\n".utf8)) }

    static func say(bytes: [UInt8]) {
        // Writes the whole array. Where stderr is gone there is nobody to tell.
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }

    static func errorText(_ code: Int32) -> String {
        // strerror's text stays until this thread's next call.
        unsafe String(cString: strerror(code))
    }
}
