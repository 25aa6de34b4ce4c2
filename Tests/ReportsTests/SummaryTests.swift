import MailWatch
import Reports
import Testing

struct SummaryTests {
    private func summary(_ connections: [Connection], limit: Int = 4096) -> Summary {
        var ledger = Ledger(limit: limit)
        for connection in connections {
            ledger.note(.opened(connection))
            if connection.state.hasEnded { ledger.note(.ended(connection)) }
        }
        return Summary(
            ledger: ledger, losses: Losses(), hook: "kprobe/tcp_connect", stillOpen: 1, unwritten: 0,
            duration: 97_999_999_999)
    }

    private func program(_ name: String, identity: UInt64) -> ProcessDescription {
        var process = ProcessDescription.sample
        process.exe = Array(name.utf8)
        return process
    }

    @Test func sendersAreListedWithTheBusiestFirst() throws {
        let placement = Placement(userName: "www-data")
        let connections = [
            try connection(.refused, program("/usr/bin/curl", identity: 2), identity: 2).with(nil),
            try connection(.closed, identity: 1, placement: placement),
            try connection(.connecting, identity: 1, placement: placement, destination: "192.0.2.26"),
        ]
        #expect(
            String(decoding: summary(connections).text(), as: UTF8.self) == """

                3 connects in 97 s, 1 still open: 1 direct-mx, 2 unknown
                CONNECTS  FAILED  DESTS  USER        SCRIPT OR PROGRAM
                       2       0      2  www-data    send.php
                       1       1      1  33          /usr/bin/curl
                lost: nothing

                """)
    }

    @Test func nothingSeenIsSaidToo() {
        #expect(
            String(decoding: summary([]).text(), as: UTF8.self) == """

                0 connects in 97 s, 1 still open
                lost: nothing

                """)
    }

    @Test func sendersThatAreNotListedAreCounted() throws {
        let connections = try (1...7).map { try connection(.closed, program("/\($0)", identity: $0), identity: $0) }
        let text = String(decoding: summary(connections, limit: 5).text(senders: 2), as: UTF8.self)
        #expect(text.contains("\nand 5 connects of other senders\n"))
    }

    @Test func lossesAreSaid() {
        var summary = summary([])
        summary.losses.connects = 3
        summary.losses.ends = 1
        summary.unwritten = 11
        #expect(
            String(decoding: summary.text(), as: UTF8.self).hasSuffix(
                "\nlost: connects 3, ends 1; the output was too slow for 11 rows\n"))
    }

    @Test(arguments: Hostile.texts)
    func senderCannotAddALine(text: [UInt8]) throws {
        let placement = Placement(userName: String(decoding: text, as: UTF8.self))
        let summary = summary([try connection(.closed, .hostile(text), placement: placement)])
        for sink in [Sink.text, .ascii] {
            let lines = summary.text(sink: sink).split(separator: 0x0A, omittingEmptySubsequences: false)
            #expect(lines.count == 6)
            for line in lines { #expect(try controls(in: Array(line)).isEmpty) }
        }
    }
}
