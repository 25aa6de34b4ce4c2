internal import Glibc
internal import HostFacts
internal import MailWatch
internal import TopView

/// The live view under way.
struct TopSession<Source: TopSource & ~Copyable>: ~Copyable, LoopClient {
    /// Between two frames that nobody has asked for by a key; ns.
    private static var frameInterval: UInt64 { 250_000_000 }

    /// An object, so that the reader of the source can write to it.
    private final class Book { var board = Board() }

    private var source: Source
    private let screen: Screen
    private var view: LiveView
    private let book = Book()
    private var nextFrame: UInt64 = 0
    /// Reads from a terminal that had nothing to give, one after the other.
    private var emptyReads = 0

    /// - Parameters:
    ///   - wanted: senders that had one of these are shown; empty shows all.
    ///   - greeting: stands in the last line until a key is pressed.
    init(source: consuming Source, screen: Screen, wanted: Set<Verdict>, greeting: String = "") {
        self.source = source
        self.screen = screen
        view = LiveView(sink: Terminal.sink, wanted: wanted)
        if !greeting.isEmpty { view.say(greeting) }
        draw()
    }

    var descriptor: Int32 { source.descriptor }

    mutating func read(limit: Int) -> Int {
        let book = book
        let wasEmpty = book.board.connects == 0
        let count = source.read(limit: limit) { book.board.note($0) }
        // The first sender is shown at once.
        if wasEmpty, book.board.connects > 0 { nextFrame = 0 }
        if count > 0 { draw() }
        return count
    }

    mutating func tick() -> Bool {
        let book = book
        source.tick { book.board.note($0) }
        draw()
        return true
    }

    mutating func signal(_ number: Int32) -> Bool {
        switch number {
        case SIGWINCH: screen.resize()
        case SIGTSTP:
            screen.giveBack()
            raise(SIGSTOP)
            screen.take()
            screen.resize()
        default: return false
        }
        draw(isAnswer: true)
        return true
    }

    /// The end of the input is the end.
    mutating func readInput() -> Bool {
        let keys = screen.keys()
        emptyReads = keys.isEmpty ? emptyReads + 1 : 0
        for key in keys {
            switch view.handle(key, scene: source.scene(of: book.board)) {
            case .nothing: break
            case .quit: return false
            case .redraw: screen.redraw()
            case .mouse(let isTaken): screen.takeMouse(isTaken)
            case .save(let path, let content): save(content, to: path)
            }
            // The next key is about what this one has brought up.
            draw(isAnswer: true)
        }
        return emptyReads < 100
    }

    /// Nothing that is there is written over.
    private mutating func save(_ content: [UInt8], to path: String) {
        do {
            var file = Pipeline(try OutputFile.open(path, existing: .refuse))
            defer { file.close() }
            try file.write(content)
            try file.flush()
            view.say("written to \(path)")
        } catch {
            view.say((error as? Failure)?.description ?? "\(error)")
        }
    }

    /// A terminal that takes nothing gets no frame; the next tick has a newer one.
    private mutating func draw(isAnswer: Bool = false) {
        let now = WallClock.uptime
        guard isAnswer || now >= nextFrame, screen.isReady else { return }
        nextFrame = now + Self.frameInterval
        let size = screen.size
        screen.show(
            view.frame(of: source.scene(of: book.board), columns: size.columns, rows: size.rows), isAnswer: isAnswer)
    }
}
