import Glibc
import Testing

@testable import KernelProbe

struct BPFErrorTests {
    @Test func negativeResultIsThrownWithWhatWasDone() {
        let error = #expect(throws: BPFError.self) { try check("load", -EPERM) }
        #expect(error == BPFError(operation: "load", code: EPERM))
        #expect(error?.description == "load: Operation not permitted")
    }

    @Test func otherResultIsReturned() throws {
        #expect(try check("load", 0) == 0)
        #expect(try check("load", 97) == 97)
    }

    /// libbpf's own codes are no errno.
    @Test func codeOfTheLibraryHasAText() {
        #expect(BPFError(operation: "open", code: 4000).description == "open: Something wrong in libelf")
    }
}
