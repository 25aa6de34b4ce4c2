internal import Foundation
internal import MailWatch
internal import Reports
internal import TestSupport
internal import TopView

/// Lines of Tests/replay/demo.jsonl, damaged, read and shown as `top --replay` does.
struct RecordingFuzz {
    /// Connections that were shown.
    private(set) var understood = 0
    private let lines: [[UInt8]]
    private var board = Board()
    private var csv = CSVReport()
    private var json = JSONReport(host: "mx1.example.net")

    init() throws {
        let text = try Data(contentsOf: URL(filePath: Repository.tests + "/replay/demo.jsonl"))
        lines = Array(text).split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    static func connections() throws -> [JSONRecord] {
        try RecordingFuzz().lines.enumerated().compactMap { JSONRecord(line: $1, id: UInt64($0)) }
    }

    mutating func run(_ number: Int) {
        var random = SplitMix64(seed: UInt64(number))
        var line = lines[random.below(lines.count)]
        Damage.apply(to: &line, &random)
        if number % 1009 == 0 { board = Board() }
        _ = JSONRecord.time(ofLine: line)
        guard let record = JSONRecord(line: line, id: UInt64(number)) else { return }
        understood += 1
        let clock = WallClock(bootTime: 0)
        var text: [UInt8] = []
        csv.append(record.connection, name: record.name, clock: clock, to: &text)
        json.append(record.connection, name: record.name, clock: clock, to: &text)
        board.note(.opened(record.connection.begun))
        board.note(.ended(record.connection))
        guard number % 101 == 0 else { return }
        let board = board
        let scene = Scene(
            board: board, losses: Losses(), openCount: board.openCount, host: record.host, source: "replay",
            clock: clock, now: record.connection.connectTime, name: { _ in record.name })
        var view = LiveView(sink: .text)
        let keys: [Key] = [
            .tab, .down, .enter, .escape, .end, .right, .character("s"), .character("r"), .help, .backTab,
        ]
        for _ in 0..<random.below(12) { _ = view.handle(keys[random.below(keys.count)], scene: scene) }
        _ = view.frame(of: scene, columns: 20 + random.below(200), rows: 5 + random.below(60))
    }
}
