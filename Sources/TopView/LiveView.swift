public import MailWatch
internal import Reports

/// What the live view shows and how it answers keys, apart from how it gets to the terminal.
public struct LiveView {
    /// What a key asks the owner of the view to do.
    public enum Action: Equatable {
        case nothing
        case quit
        /// Draw all anew.
        case redraw
        /// Take clicks and the wheel, or leave them to the terminal.
        case mouse(Bool)
        /// Write down what is seen. `say` tells what became of it.
        case save(path: String, content: [UInt8])
    }

    enum Page: Equatable {
        case groups
        /// Nil shows those of all.
        case connections(GroupKey?)
        case group(GroupKey)
        case connection(UInt64)
        case help
    }

    enum Prompt { case filter, save }

    let sink: Sink
    var pages = [Page.groups]
    var grouping = Grouping.script
    var sort = Columns.firstSort
    var isReversed = false
    var filter = ""
    var filterBefore = ""
    var wanted: Set<Verdict>
    var showsAlarmsOnly = false
    var prompt: Prompt?
    var input = ""
    var hasMouse = false
    var message = ""
    var paused: Scene?
    var groupSelection = Selection<GroupKey>()
    var connectionSelection = Selection<UInt64>()
    /// The first line of a text that is shown, and the one that is wanted: the end stays the end while the text grows.
    var scroll = 0
    var wantedScroll = 0
    /// Of the latest frame: what keys are about.
    var groupList: [GroupKey] = []
    var connectionList: [UInt64] = []
    var titles: [String] = []
    var titleAt: (Int) -> String? = { _ in nil }
    var listTop = 0
    var firstShown = 0
    var listSize = 1

    /// - Parameter wanted: groups and connections with one of these verdicts are shown; empty shows all.
    public init(sink: Sink, wanted: Set<Verdict> = []) {
        self.sink = sink
        self.wanted = wanted
    }

    var page: Page { pages.last ?? .groups }

    public var isPaused: Bool { paused != nil }

    /// Says something in the last line, until the next key.
    public mutating func say(_ text: String) { message = escaped(text) }

    /// - Parameter scene: as it is now.
    public mutating func handle(_ key: Key, scene: Scene) -> Action {
        message = ""
        if prompt != nil { return type(key, paused ?? scene) }
        if case .help = page, key != .escape, !key.moves { return back() }
        switch key {
        case .up: move(by: -1)
        case .down: move(by: 1)
        case .pageUp: move(by: -listSize)
        case .pageDown: move(by: listSize)
        case .home: move(by: .min)
        case .end: move(by: .max)
        case .left: sort(by: -1)
        case .right: sort(by: 1)
        case .enter: open()
        case .escape, .backspace: if pages.count > 1 { return back() } else { clearFilter() }
        case .tab: group(by: grouping.next)
        case .backTab: group(by: grouping.previous)
        case .help: go(to: .help)
        case .click(let row, let column): click(row, column)
        case .character(let character): return command(character, scene)
        }
        return .nothing
    }

    private mutating func command(_ character: Unicode.Scalar, _ scene: Scene) -> Action {
        switch character {
        case "q": return pages.count > 1 ? back() : .quit
        case "Q": return .quit
        case "?", "h": go(to: .help)
        case "k": move(by: -1)
        case "j": move(by: 1)
        case "<": sort(by: -1)
        case ">": sort(by: 1)
        case "r", "R": isReversed.toggle()
        case "g": group(by: grouping.next)
        case "G": group(by: grouping.previous)
        case "1"..."5": if let grouping = Grouping(rawValue: Int(character.value) - 0x31) { group(by: grouping) }
        case "/":
            filterBefore = filter
            input = filter
            prompt = .filter
        case " ", "p": paused = paused == nil ? scene : nil
        case "!", "a": showsAlarmsOnly.toggle()
        case "c": showConnections(of: selectedGroup)
        case "C": showConnections(of: nil)
        case "w":
            guard isTable else {
                message = "w saves a table: go back with Esc"
                return .nothing
            }
            input = "mailsnoop-\(Timestamp.seconds((paused ?? scene).now).filter { $0 != ":" && $0 != "-" }).csv"
            prompt = .save
        case "m":
            hasMouse.toggle()
            message = hasMouse ? "the mouse selects and scrolls; m gives it back to the terminal" : "no mouse"
            return .mouse(hasMouse)
        case "\u{0C}": return .redraw
        default: message = "no such key; ? shows those that there are"
        }
        return .nothing
    }

    /// While something is typed.
    private mutating func type(_ key: Key, _ scene: Scene) -> Action {
        switch key {
        case .character("\u{15}"): input = ""
        case .character(let character) where character.value >= 0x20 && input.utf8.count < 200:
            input.unicodeScalars.append(character)
        case .backspace: _ = input.unicodeScalars.popLast()
        case .escape:
            if prompt == .filter { filter = filterBefore }
            prompt = nil
            return .nothing
        case .enter:
            defer { prompt = nil }
            guard prompt == .save, !input.isEmpty else { return .nothing }
            return .save(path: input, content: table(scene))
        case .up, .down, .pageUp, .pageDown:
            prompt = nil
            return handle(key, scene: scene)
        default: break
        }
        if prompt == .filter { filter = input }
        return .nothing
    }

    private var isTable: Bool {
        switch page {
        case .groups, .connections: true
        case .group, .connection, .help: false
        }
    }

    private mutating func back() -> Action {
        if pages.count > 1 { pages.removeLast() }
        wantedScroll = 0
        return .nothing
    }

    private mutating func go(to page: Page) {
        pages.append(page)
        wantedScroll = 0
    }

    private mutating func clearFilter() {
        filter = ""
        showsAlarmsOnly = false
    }

    private mutating func move(by count: Int) {
        switch page {
        case .groups: groupSelection.move(by: count, in: groupList)
        case .connections: connectionSelection.move(by: count, in: connectionList)
        case .group, .connection, .help: wantedScroll = count == .max ? .max : scroll + max(count, -scroll)
        }
    }

    private mutating func sort(by step: Int) {
        guard page == .groups, !titles.isEmpty else { return }
        let index = titles.firstIndex(of: sort) ?? 0
        sort = titles[(index + step + titles.count) % titles.count]
        isReversed = false
    }

    private mutating func group(by grouping: Grouping) {
        pages = [.groups]
        self.grouping = grouping
        groupSelection.select(nil)
    }

    private var selectedGroup: GroupKey? {
        var selection = groupSelection
        return selection.index(in: groupList).map { groupList[$0] }
    }

    private mutating func open() {
        switch page {
        case .groups: if let key = selectedGroup { go(to: .group(key)) }
        case .connections:
            if let index = connectionSelection.index(in: connectionList) {
                go(to: .connection(connectionList[index]))
            }
        case .group(let key): showConnections(of: key)
        case .connection, .help: _ = back()
        }
    }

    private mutating func showConnections(of key: GroupKey?) {
        if case .connections = page { pages.removeLast() }
        if case .group(let key) = page { return go(to: .connections(key)) }
        connectionSelection.select(nil)
        go(to: .connections(key))
    }

    private mutating func click(_ row: Int, _ column: Int) {
        if row == listTop - 1, page == .groups, let title = titleAt(column) {
            isReversed = sort == title && !isReversed
            sort = title
        }
        let index = firstShown + row - listTop
        guard row >= listTop, row < listTop + listSize else { return }
        switch page {
        case .groups: if groupList.indices.contains(index) { groupSelection.select(groupList[index]) }
        case .connections:
            if connectionList.indices.contains(index) { connectionSelection.select(connectionList[index]) }
        case .group, .connection, .help: break
        }
    }
}

extension Key {
    /// It scrolls.
    fileprivate var moves: Bool {
        switch self {
        case .up, .down, .pageUp, .pageDown, .home, .end, .character("j"), .character("k"): true
        default: false
        }
    }
}
