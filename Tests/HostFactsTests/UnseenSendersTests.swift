import Glibc
import Testing

@testable import HostFacts

struct UnseenSendersTests {
    @Test func inodesOfTheTables() {
        let raw = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
              255: 00000000:00FF 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 41267 2 0000000000000000 0
            """
        #expect(UnseenSenders.inodes(raw, column: 9) == ["41267"])
        let packet = """
            sk               RefCnt Type Proto  Iface R Rmem   User   Inode
            0000000000000000 3      3    0003   2     1 0      0      23981
            """
        #expect(UnseenSenders.inodes(packet, column: 8) == ["23981"])
        #expect(UnseenSenders.inodes("", column: 8).isEmpty)
    }

    @Test func whatIsPreloaded() {
        #expect(UnseenSenders.libraries(Array("# none\n\n".utf8)).isEmpty)
        #expect(
            UnseenSenders.libraries(Array("/lib/a.so:/lib/b.so # x\n\t/lib/c.so /lib/d.so".utf8)) == [
                "/lib/a.so", "/lib/b.so", "/lib/c.so", "/lib/d.so",
            ])
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: run `sudo make test`"), arguments: [AF_INET, AF_INET6])
    func theHolderOfARawSocketIsFound(family: Int32) {
        let socket = socket(family, Int32(SOCK_RAW.rawValue), 255)
        defer { close(socket) }
        #expect(
            UnseenSenders.rawSockets().contains {
                $0.pid == UInt32(getpid()) && $0.kind == (family == AF_INET ? "raw" : "raw6")
            })
    }
}
