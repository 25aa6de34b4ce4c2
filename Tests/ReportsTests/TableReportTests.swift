import MailWatch
import Reports
import Testing

struct TableReportTests {
    private func line(
        _ connection: Connection, width: Int?, sink: Sink = .text
    ) -> String {
        var report = TableReport(width: width, sink: sink)
        var line: [UInt8] = []
        report.append(connection, clock: clock, to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    @Test func rowTellsWhoConnectsWhere() throws {
        let line = line(try connection(.refused, placement: Placement(userName: "www-data")).with(nil), width: 80)
        #expect(line.dropFirst(8) == " 4242    www-data   direct-mx 192.0.2.25:25         php send.php --to=a…\n")
    }

    @Test func wideTerminalShowsTheSourceToo() throws {
        let line = line(try connection(.closed), width: 200)
        #expect(
            line.dropFirst(8)
                == " 4242    33         unknown   closed      198.51.100.7:40961     192.0.2.25:25            "
                + "                    php send.php --to=a b\n")
    }

    @Test func nameOfTheDestinationIsShownWhereThereIsRoom() throws {
        var report = TableReport(width: 160)
        var bytes: [UInt8] = []
        report.append(try connection(.closed), name: Array("mx\u{1B}".utf8), clock: clock, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self).contains(#" 192.0.2.25:25 mx\x1b  "#))
        report = TableReport(width: 159)
        bytes = []
        report.append(try connection(.closed), name: Array("mx".utf8), clock: clock, to: &bytes)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("mx"))
    }

    @Test func outputThatIsNoTerminalIsNotCut() throws {
        var process = ProcessDescription.sample
        process.argv = [UInt8](repeating: UInt8(ascii: "x"), count: 1023)
        #expect(
            line(try connection(.closed, process), width: nil).hasSuffix(String(repeating: "x", count: 1023) + "\n"))
    }

    @Test func deletedProgramIsMarked() throws {
        var process = ProcessDescription.sample
        process.isExeDeleted = true
        #expect(line(try connection(.closed, process), width: 200).hasSuffix("--to=a b (deleted)\n"))
    }

    @Test(arguments: Hostile.texts, [20, 40, 80, 200])
    func rowIsNeverWiderThanTheTerminal(text: [UInt8], width: Int) throws {
        let placement = Placement(userName: String(decoding: text, as: UTF8.self))
        let sample = try connection(
            .closed, .hostile(text), threadName: text, placement: placement,
            destination: "2001:db8:1111:2222:3333:4444:5555:6666"
        ).with(.hostile(text), .hostile(text))
        for sink in [Sink.text, .ascii] {
            let line = line(sample, width: width, sink: sink)
            #expect(line.hasSuffix("\n"))
            #expect(try controls(in: Array(line.utf8.dropLast())).isEmpty)
            #expect(Escaping.width(line.utf8.dropLast()) <= width)
            if sink == .ascii { #expect(line.allSatisfy { $0.isASCII }) }
        }
    }

    @Test(arguments: [1, 20, 40, 60, 61, 80, 95, 96, 119, 120, 159, 160, 200])
    func headerIsNeverWiderThanTheTerminal(width: Int) {
        #expect(Escaping.width(TableReport(width: width).header.dropLast()) <= width)
    }

    /// At whatever width the last column happens to be as wide as another one.
    @Test(arguments: 63...140)
    func columnsStandApart(width: Int) throws {
        var process = ProcessDescription.sample
        process.pid = 1_234_567
        let placement = Placement(userName: "0123456789")
        let sample = try connection(.closed, process, placement: placement).with(nil, Judgement(.smarthost))
        let line = line(sample, width: width)
        let titles = String(decoding: TableReport(width: width).header, as: UTF8.self).split(separator: " ")
        #expect(titles.prefix(4) == ["TIME", "PID", "USER", "VERDICT"])
        #expect(titles.contains("STATE") == (width >= 96))
        let cells = line.split(separator: " ")
        #expect(cells.dropFirst().prefix(3) == ["1234567", "0123456789", "smarthost"])
        #expect(cells.contains("closed") == (width >= 96))
        #expect(cells.contains("192.0.2.25:25"))
    }

    /// The same identity, described anew.
    @Test func laterDescriptionOfAnIdentityIsTheOneThatIsWritten() throws {
        var report = TableReport(width: 200)
        var lines: [UInt8] = []
        report.append(try connection(.closed), clock: clock, to: &lines)
        lines = []
        var process = ProcessDescription.sample
        process.isExeDeleted = true
        report.append(try connection(.closed, process), clock: clock, to: &lines)
        #expect(String(decoding: lines, as: UTF8.self).hasSuffix("(deleted)\n"))
    }
}
