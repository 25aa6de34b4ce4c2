import Glibc
import Testing

/// All tests that load the real program: one at a time, as each sees the whole machine.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), .timeLimit(.minutes(5)))
enum KernelSuite {}
