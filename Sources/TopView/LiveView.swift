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

    private enum Prompt { case filter, save }

    private let sink: Sink
    private var pages = [Page.groups]
    private var grouping = Grouping.script
    private var sort = Columns.firstSort
    private var isReversed = false
    private var filter = ""
    private var filterBefore = ""
    private var wanted: Set<Verdict>
    private var showsAlarmsOnly = false
    private var prompt: Prompt?
    private var input = ""
    private var hasMouse = false
    private var message = ""
    private var paused: Scene?
    private var groupSelection = Selection<GroupKey>()
    private var connectionSelection = Selection<UInt64>()
    /// The first line of a text that is shown, and the one that is wanted: the end stays the end while the text grows.
    private var scroll = 0
    private var wantedScroll = 0
    /// Of the latest frame: what keys are about.
    private var groupList: [GroupKey] = []
    private var connectionList: [UInt64] = []
    private var titles: [String] = []
    private var titleAt: (Int) -> String? = { _ in nil }
    private var listTop = 0
    private var firstShown = 0
    private var listSize = 1

    /// - Parameter wanted: groups and connections with one of these verdicts are shown; empty shows all.
    public init(sink: Sink, wanted: Set<Verdict> = []) {
        self.sink = sink
        self.wanted = wanted
    }

    private var page: Page { pages.last ?? .groups }

    public var isPaused: Bool { paused != nil }

    /// Says something in the last line, until the next key.
    public mutating func say(_ text: String) { message = escaped(text) }

    // MARK: Keys

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

    // MARK: What is shown

    /// The next frame, of the scene as it is, or as it was when the view was paused.
    public mutating func frame(of scene: Scene, columns: Int, rows: Int) -> Frame {
        let scene = paused ?? scene
        var painter = Painter(scene: scene, sink: sink, columns: columns, rows: rows)
        painter.head(isPaused: isPaused)
        let kinds = Columns(scene: scene, grouping: grouping, sink: sink)
        switch page {
        case .groups: showGroups(&painter, kinds)
        case .connections(let key): showConnections(of: key, &painter, kinds)
        case .group(let key): showText(&painter, groupText(key, kinds))
        case .connection(let id):
            showText(
                &painter,
                scene.board.connection(id).map { Array(detail($0, scene).dropLast()) } ?? [
                    Array("This connection is too old to be kept.".utf8)
                ])
        case .help: showText(&painter, Self.help.map { Array($0.utf8) })
        }
        showFoot(&painter)
        return painter.frame
    }

    private mutating func showGroups(_ painter: inout Painter, _ kinds: Columns) {
        let columns = kinds.groups
        let grid = Grid(columns, width: painter.columns, sink: sink)
        titles = grid.columns.filter { $0.column.isBefore != nil }.map { "\($0.column.title)" }
        titleAt = grid.title(at:)
        if !titles.contains(sort) { sort = Columns.firstSort }
        let groups = self.groups(kinds, columns)
        groupList = groups.map(\.key)
        let others = painter.scene.board.others(by: grouping)
        painter.state(
            state(shown: groups.count, of: painter.scene.board.groups(by: grouping).count)
                + (others > 0 ? ", and \(others) connects of senders no longer kept" : ""))
        let selected = groupSelection.index(in: groupList)
        let sink = sink
        table(&painter, grid.titles(sortedBy: sort, isReversed: isReversed), count: groups.count, selected: selected) {
            (grid.row(groups[$0], marks: Self.marks($1, groups[$0].worst, sink)), groups[$0].worst)
        }
        if groups.isEmpty { painter.note(emptyNote(painter.scene.board.connects)) }
    }

    private mutating func showConnections(of key: GroupKey?, _ painter: inout Painter, _ kinds: Columns) {
        let grid = Grid(kinds.connections, width: painter.columns, sink: sink)
        titles = []
        titleAt = { _ in nil }
        let connections = connections(of: key, kinds)
        connectionList = connections.map(\.id)
        var text = "\(connections.count) latest connections"
        if let key, let group = painter.scene.board.group(key, by: grouping) {
            text = "\(connections.count) of \(group.connects) connections of "
            painter.state(text + conditions, of: kinds.labelText(group))
        } else {
            painter.state(text + conditions)
        }
        let selected = connectionSelection.index(in: connectionList)
        let sink = sink
        table(&painter, grid.titles(sortedBy: nil, isReversed: false), count: connections.count, selected: selected) {
            let verdict = connections[$0].judgement.verdict
            return (grid.row(connections[$0], marks: Self.marks($1, verdict, sink)), verdict)
        }
        if connections.isEmpty { painter.note(emptyNote(painter.scene.board.connects)) }
    }

    /// Rows of which as many are shown as there is room for, the selected one among them.
    private mutating func table(
        _ painter: inout Painter, _ titles: [UInt8], count: Int, selected: Int?,
        row: (Int, Bool) -> (text: [UInt8], verdict: Verdict)
    ) {
        painter.titles(titles)
        listTop = painter.frame.lines.count
        listSize = max(painter.room, 1)
        firstShown = min(firstShown, max(count - listSize, 0))
        if let selected {
            firstShown = min(firstShown, selected)
            firstShown = max(firstShown, selected - listSize + 1)
        }
        for index in firstShown..<min(firstShown + listSize, count) where painter.room > 0 {
            let isSelected = index == selected
            let (text, verdict) = row(index, isSelected)
            painter.row(text, isSelected: isSelected, verdict: verdict)
        }
    }

    private mutating func showText(_ painter: inout Painter, _ text: [[UInt8]]) {
        listSize = max(painter.room, 1)
        scroll = painter.text(text, from: wantedScroll)
        if wantedScroll != .max { wantedScroll = scroll }
    }

    private func showFoot(_ painter: inout Painter) {
        switch prompt {
        case .filter: painter.prompt("filter: ", input, "Enter keeps it, Esc does not")
        case .save: painter.prompt("save as CSV: ", input, "Enter writes it, Esc does not")
        case nil:
            if !message.isEmpty { return painter.message(message) }
            painter.keys(Self.keys(page))
        }
    }

    private static func keys(_ page: Page) -> [(String, String)] {
        switch page {
        case .groups:
            [
                ("q", "quit"), ("?", "help"), ("Enter", "detail"), ("c", "connections"), ("g", "group"),
                ("/", "filter"), ("!", "alarms"), ("< >", "sort"), ("p", "pause"), ("w", "save"),
            ]
        case .connections: [("Esc", "back"), ("?", "help"), ("Enter", "detail"), ("/", "filter"), ("w", "save")]
        case .group: [("Esc", "back"), ("c", "connections"), ("?", "help")]
        case .connection, .help: [("Esc", "back")]
        }
    }

    /// The mark of the selected row, and that of the verdict: neither needs a color to be seen.
    private static func marks(_ isSelected: Bool, _ verdict: Verdict, _ sink: Sink) -> String {
        let mark =
            switch verdict {
            case .directMX: "!"
            case .unknown, .probe: "?"
            case .mta, .local, .smarthost: " "
            }
        return (isSelected ? ">" : " ") + mark + " "
    }

    private func state(shown: Int, of count: Int) -> String {
        (shown == count ? "\(count)" : "\(shown) of \(count)") + " by \(grouping.name)" + conditions
    }

    /// What leaves some out.
    private var conditions: String {
        var text = ""
        if showsAlarmsOnly { text += ", alarms only" }
        if !wanted.isEmpty {
            text += ", only \(Verdict.allCases.filter(wanted.contains).map(\.rawValue).joined(separator: " "))"
        }
        if !filter.isEmpty { text += ", filter: \(escaped(filter))" }
        return text
    }

    private func escaped(_ text: String) -> String {
        var escaped: [UInt8] = []
        Escaping.append(text, to: &escaped, for: sink)
        return String(decoding: escaped, as: UTF8.self)
    }

    private func emptyNote(_ connects: Int) -> String {
        connects == 0
            ? "Nothing has connected to a mail port yet." : "None of them fits. Esc shows all again."
    }

    private func groups(_ kinds: Columns, _ columns: [Column<Group>]) -> [Group] {
        var groups = kinds.scene.board.groups(by: grouping)
        if !wanted.isEmpty { groups.removeAll { $0.verdicts.keys.allSatisfy { !wanted.contains($0) } } }
        if showsAlarmsOnly { groups.removeAll { $0.verdicts[.directMX] == nil } }
        if !filter.isEmpty { groups.removeAll { !fits(kinds.haystack($0)) } }
        guard let isBefore = columns.first(where: { "\($0.title)" == sort })?.isBefore else { return groups }
        return groups.sorted {
            if isReversed ? isBefore($1, $0) : isBefore($0, $1) { return true }
            if isReversed ? isBefore($0, $1) : isBefore($1, $0) { return false }
            // What is equal does not jump about.
            return ($0.last.connectTime, $0.last.id) > ($1.last.connectTime, $1.last.id)
        }
    }

    private func connections(of key: GroupKey?, _ kinds: Columns) -> [Connection] {
        var connections = kinds.scene.board.connections(of: key, by: grouping)
        if !wanted.isEmpty { connections.removeAll { !wanted.contains($0.judgement.verdict) } }
        if showsAlarmsOnly { connections.removeAll { $0.judgement.verdict != .directMX } }
        if !filter.isEmpty { connections.removeAll { !fits(kinds.haystack($0)) } }
        return connections
    }

    private func fits(_ texts: [[UInt8]]) -> Bool {
        let wanted = filter.lowercased()
        return texts.contains { String(decoding: $0, as: UTF8.self).lowercased().contains(wanted) }
    }

    /// All of a group, then the latest of its connections.
    private func groupText(_ key: GroupKey, _ kinds: Columns) -> [[UInt8]] {
        let scene = kinds.scene
        guard let group = scene.board.group(key, by: grouping) else {
            return [Array("This sender did nothing for so long that it is no longer kept.".utf8)]
        }
        func line(_ title: String, _ text: [UInt8]) -> [UInt8] {
            Array("  \(title)".utf8) + [UInt8](repeating: 0x20, count: max(10 - title.utf8.count, 1)) + text
        }
        var lines = [kinds.labelText(group)]
        let few = group.destinations.count < Board.destinationLimit ? "" : " or more"
        lines.append(
            line(
                "connects",
                Array(
                    "\(group.connects), \(group.meter.total(until: scene.uptime)) in the last minute, \(group.failed) failed, to \(group.destinations.count)\(few) addresses, for \(group.recipients) recipients"
                        .utf8)))
        lines.append(line("verdicts", Array(verdictText(group.verdicts).utf8)))
        let recent = scene.board.connections(of: key, by: grouping).prefix(7)
        for (index, connection) in recent.enumerated() {
            let piece =
                kinds.clock(connection.connectTime) + [0x20]
                + Array(connection.judgement.verdict.rawValue.utf8) + [0x20]
                + Array(connection.state.rawValue.utf8) + [0x20] + kinds.destination(connection)
            lines.append(line(index == 0 ? "latest" : "", piece))
        }
        lines.append([])
        return lines + detail(group.last, scene).dropLast()
    }

    private func detail(_ connection: Connection, _ scene: Scene) -> [[UInt8]] {
        var report = DetailReport(sink: sink)
        var text: [UInt8] = []
        report.append(
            connection, name: scene.name(connection.destination.address) ?? [], clock: scene.clock, to: &text)
        return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map(Array.init)
    }

    /// What the table shows, as CSV: all its rows, those too that do not fit on the screen.
    private func table(_ scene: Scene) -> [UInt8] {
        let kinds = Columns(scene: scene, grouping: grouping, sink: .text)
        if case .connections(let key) = page {
            var report = CSVReport()
            var text = CSVReport.header
            for connection in connections(of: key, kinds) {
                report.append(
                    connection, name: scene.name(connection.destination.address) ?? [], clock: scene.clock, to: &text)
            }
            return text
        }
        return GroupTable.csv(groups(kinds, kinds.groups), scene: scene, grouping: grouping)
    }

    /// No wider and no longer than a screen of 80x24 has room for.
    static let help = [
        "A line is a sender. ! marks an alarm (direct-mx: mail to other hosts that no",
        "mail server of this host sends), ? what is not known yet.",
        "",
        "  Up Down j k         select, or scroll; PgUp PgDn Home End go further",
        "  Enter               all about it: process, PHP stack, request, dialogue, why",
        "  c C                 its connections; those of all",
        "  g G Tab, 1 to 5     by script, program, user, pool, destination",
        "  < > Left Right, r   sort by another column; the other way round",
        "  /                   filter as you type: script, user, address, EHLO, mailbox",
        "  ! a                 alarms only",
        "  p Space             pause: what happens goes on being counted",
        "  w                   save what is seen as CSV",
        "  m                   mouse: select, scroll, sort by a click on a title",
        "  ^L                  draw all anew",
        "  Esc q Q ^C          back, no filter; back, out; out; out",
        "",
        "  CONNECTS  since the start; /MIN in the last minute; FAILED never established",
        "  DESTS     different addresses; RCPTS recipients that were named (RCPT TO)",
        "  VERDICT   the worst that one of its connections got",
    ]
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
