import Testing
import TopView

@testable import MailWatch

struct TopModelTests {
    private static let names: [String] = [
        "php", "\u{1B}[2J\u{1B}]0;owned\u{7}", "a\r\nb", "\u{202E}gpj.exe", "日本語のとても長い名前日本語のとても長い名前",
        "e\u{301}\u{301}\u{301}", String(repeating: "👍", count: 97), String(repeating: "x", count: 1023), "\\", "",
    ]

    /// A sender for each of the names, each a second after the one before.
    private func model(senders: Int, names: [String] = names, limit: Int = 4096) throws -> TopModel {
        var ledger = Ledger(limit: limit)
        for index in 0..<senders { ledger.note(.opened(try connection(index, names[index % names.count]))) }
        return TopModel(
            ledger: ledger, losses: Losses(), openConnections: 5, host: "mx1.example.net", hook: "kprobe/tcp_connect")
    }

    private func connection(_ index: Int, _ name: String) throws -> Connection {
        var tracker = Tracker { _ in Placement(userName: name) }
        var process = ProcessDescription()
        process.uid = UInt32(index)
        process.comm = Array(name.utf8)
        process.exe = Array(name.utf8) + [0xFF]
        process.argv = Array("\(name)\0--sender=\(index)\0".utf8)
        let change = tracker.handle(
            .connect(
                ConnectEvent(
                    time: UInt64(index) * 1_000_000_000, connection: UInt64(index), identity: UInt64(index),
                    description: process, source: Endpoint(address: IPAddress(ipv4: 0), port: 0),
                    destination: Endpoint(
                        address: try #require(IPAddress("2001:db8:1111:2222:3333:4444:5555:6666")), port: 25),
                    thread: 97, threadName: process.comm, isFollowed: true)))
        guard case .opened(let connection) = try #require(change) else { throw NotOpened() }
        return connection
    }

    private struct NotOpened: Error {}

    private func lines(_ model: TopModel, _ columns: Int, _ rows: Int, _ sink: Sink = .text) -> [String] {
        model.lines(columns: columns, rows: rows, clock: WallClock(bootTime: 0), now: 0, sink: sink).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test(arguments: [(80, 24), (200, 60), (20, 5), (1, 1), (1, 24), (80, 1), (80, 4), (110, 7)])
    func screenIsFilledAndNothingRunsOver(columns: Int, rows: Int) throws {
        for senders in [0, 1, Self.names.count, 97] {
            for sink in [Sink.text, .ascii] {
                let lines = lines(try model(senders: senders), columns, rows, sink)
                #expect(lines.count == rows)
                for line in lines {
                    #expect(Escaping.width(line.utf8) <= columns)
                    #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
                    #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .format })
                    if sink == .ascii { #expect(line.allSatisfy { $0.isASCII }) }
                }
            }
        }
    }

    @Test func latestSenderStandsFirst() throws {
        let lines = lines(try model(senders: 97, names: ["php"]), 200, 60)
        let senders = lines.compactMap { $0.split(separator: "--sender=").dropFirst().first }.compactMap {
            Int($0.prefix { $0.isNumber })
        }
        #expect(senders == (42...96).reversed())
    }

    @Test func busySenderStandsBelowALaterOne() throws {
        var model = try model(senders: 2, names: ["php"])
        for _ in 0..<7 { model.ledger.note(.opened(try connection(0, "php"))) }
        let rows = lines(model, 200, 24)[4...5]
        #expect(rows.map { $0.contains("--sender=1") } == [true, false])
    }

    @Test func rowTellsAllOfASender() throws {
        var model = try model(senders: 1)
        model.ledger.note(.opened(try connection(0, "php")))
        let row = lines(model, 80, 24)[4]
        #expect(row.dropFirst(8).hasPrefix("        2     1 php      unknown   [2001:db8:1111:2222:… php --sender=0"))
        let wide = lines(model, 120, 24)[4]
        #expect(wide.dropFirst(8).hasPrefix("        2      0     1 php          unknown   connecting  "))
        #expect(wide.contains(" [2001:db8:1111:2222:3333:44… php --sender=0"))
    }

    @Test func lastDialogueAndNameAreShownWhereThereIsRoom() throws {
        var model = try model(senders: 0)
        var connection = try connection(0, "php")
        var dialogue = SMTPDialogue()
        dialogue.helloName = Array("shop\u{1B}.example".utf8)
        connection.dialogue = dialogue
        connection.judgement = Judgement(.directMX)
        model.ledger.note(.opened(connection))
        model.name = { _ in Array("m\u{1B}".utf8) }
        #expect(lines(model, 160, 24)[3].contains(" VERDICT   STATE       DESTINATION "))
        let row = lines(model, 160, 24)[4]
        #expect(row.contains(" direct-mx connecting  [2001:db8:1111:2222:3333:4444:5555:6666… "))
        #expect(row.contains(#" shop\x1b.example     php --sender=0"#))
        model.name = { _ in nil }
        #expect(!lines(model, 159, 24)[4].contains("shop"))
        #expect(lines(model, 80, 24)[2] == "1 direct-mx")
    }

    @Test func onlySendersWithAWantedVerdictAreShown() throws {
        var model = try model(senders: 3, names: ["php"])
        var alarm = try connection(1, "php")
        alarm.judgement = Judgement(.directMX)
        model.ledger.note(.opened(alarm))
        // The latest of that sender is none.
        model.ledger.note(.opened(try connection(1, "php")))
        model.wanted = [.directMX, .probe]
        let rows = lines(model, 200, 24)[4...5]
        #expect(rows.map { $0.contains("--sender=1") } == [true, false])
        #expect(lines(model, 200, 24)[2] == "1 direct-mx, 4 unknown")
    }

    @Test func headSaysWhatIsCounted() throws {
        var model = try model(senders: 3, limit: 2)
        #expect(
            lines(model, 80, 24)[1] == "3 connects, 5 open, 2 senders, 1 connects of senders not listed, lost nothing")
        model.losses.connects = 23
        #expect(lines(model, 120, 24)[1].hasSuffix(", LOST 23"))
        #expect(lines(model, 80, 24)[0].hasPrefix("mailsnoop  mx1.example.net  "))
        #expect(lines(model, 80, 24)[0].hasSuffix("  hook kprobe/tcp_connect"))
        #expect(lines(model, 80, 24).last == "q quits")
    }

    @Test func emptyViewSaysSo() throws {
        #expect(lines(try model(senders: 0), 80, 24)[4] == "nothing has connected to a watched port yet")
    }
}
