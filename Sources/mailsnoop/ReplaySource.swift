internal import MailWatch
internal import Reports
internal import TopView

/// A recording at its own pace, or faster.
struct ReplaySource: ~Copyable, TopSource {
    /// So long a turn may take; ns.
    private static let patience: UInt64 = 100_000_000

    private let recording: Recording
    private let name: String
    private let speed: Double
    private let filter: ConnectionFilter
    /// The index of the next connect.
    private var next = 0
    /// What has begun and will end, the next end last.
    private var ends: [(time: UInt64, connection: Connection)] = []
    private var names: [IPAddress: [UInt8]] = [:]
    private let host: String
    private var unreadable = 0
    /// Of the recording, in ns since the epoch, and when that was, in ns of CLOCK_BOOTTIME.
    private var now: UInt64
    private var turnedAt = WallClock.uptime

    init(_ path: String, speed: Double, filter: ConnectionFilter) throws {
        recording = try Recording(path)
        name = path.split(separator: "/").last.map(String.init) ?? path
        self.speed = speed
        self.filter = filter
        now = recording.lines[0].time
        host = JSONRecord(line: recording.text(of: recording.lines[0]), id: 0)?.host ?? ""
    }

    var descriptor: Int32 { -1 }

    mutating func read(limit: Int, _ body: (Tracker.Change) -> Void) -> Int { 0 }

    /// What has happened by now. Behind its end the clock stands still.
    mutating func tick(_ body: (Tracker.Change) -> Void) {
        let uptime = WallClock.uptime
        let target = now &+ UInt64(clamping: Int(min(Double(uptime - turnedAt) * speed, 1e18)))
        turnedAt = uptime
        while true {
            let start = next < recording.lines.count ? recording.lines[next].time : .max
            let end = ends.last?.time ?? .max
            guard min(start, end) != .max else { return }
            if min(start, end) > target {
                now = target
                return
            }
            now = max(now, min(start, end))
            if end <= start {
                body(.ended(ends.removeLast().connection))
            } else {
                open(recording.lines[next], body)
                next += 1
            }
            if WallClock.uptime - uptime > Self.patience { return }
        }
    }

    mutating func scene(of board: Board) -> Scene {
        let isOver = next == recording.lines.count && ends.isEmpty
        var source = "replay of \(name)"
        if isOver { source += ", at its end" } else if speed != 1 { source += " x\(speed.formattedFactor)" }
        if unreadable > 0 { source += ", \(unreadable) lines unreadable" }
        return Scene(
            board: board, losses: Losses(), openCount: board.openCount, host: host, source: source,
            clock: WallClock(bootTime: 0), now: now, name: { [names] in names[$0] })
    }

    private mutating func open(_ line: Recording.Line, _ body: (Tracker.Change) -> Void) {
        guard let record = JSONRecord(line: recording.text(of: line), id: UInt64(next)) else {
            unreadable += 1
            return
        }
        let connection = record.connection
        guard filter.matches(connection) else { return }
        if !record.name.isEmpty, names.count < 65_536 { names[connection.destination.address] = record.name }
        guard let end = connection.endTime, end >= connection.connectTime else {
            body(.opened(connection))
            return
        }
        body(.opened(connection.begun))
        let place = ends.firstIndex { $0.time <= end } ?? ends.count
        ends.insert((end, connection), at: place)
    }
}

extension Double {
    /// `10`, `2.5`
    fileprivate var formattedFactor: String { self == rounded() ? String(Int(self)) : String(self) }
}
