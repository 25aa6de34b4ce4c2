internal import MailWatch
internal import Reports

/// What is shown.
extension LiveView {
    /// The next frame, of the scene as it is, or as it was when the view was paused.
    public mutating func frame(of scene: Scene, columns: Int, rows: Int) -> Frame {
        let scene = paused ?? scene
        var painter = Painter(scene: scene, sink: sink, columns: columns, rows: rows)
        painter.head(isPaused: isPaused)
        let kinds = Columns(scene: scene, grouping: grouping, sink: sink)
        switch page {
        case .groups: showGroups(&painter, kinds)
        case .connections(let key): showConnections(of: key, &painter, kinds)
        case .group(let key): showText(&painter, Detail(columns: kinds).lines(of: key))
        case .connection(let id):
            showText(
                &painter,
                scene.board.connection(id).map { Detail(columns: kinds).lines(of: $0) } ?? [
                    Array("This connection is too old to be kept.".utf8)
                ])
        case .help: showText(&painter, Help.lines.map { Array($0.utf8) })
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
        table(&painter, grid.titles(sortedBy: sort, isReversed: isReversed), count: groups.count, selected: selected) {
            (grid.row(groups[$0], marks: Self.marks($1, groups[$0].worst)), groups[$0].worst)
        }
        if groups.isEmpty { painter.note(emptyNote(painter.scene.board.connects)) }
    }

    private mutating func showConnections(of key: GroupKey?, _ painter: inout Painter, _ kinds: Columns) {
        let grid = Grid(kinds.connections, width: painter.columns, sink: sink)
        titles = []
        titleAt = { _ in nil }
        let connections = connections(of: key, kinds)
        connectionList = connections.map(\.id)
        if let key, let group = painter.scene.board.group(key, by: grouping) {
            painter.state(
                "\(connections.count) of \(group.connects) connections of ", of: kinds.labelText(group), conditions)
        } else {
            painter.state("\(connections.count) latest connections\(conditions)")
        }
        let selected = connectionSelection.index(in: connectionList)
        table(&painter, grid.titles(sortedBy: nil, isReversed: false), count: connections.count, selected: selected) {
            let verdict = connections[$0].judgement.verdict
            return (grid.row(connections[$0], marks: Self.marks($1, verdict)), verdict)
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
            painter.keys(Help.keys(page))
        }
    }

    /// The mark of the selected row, and that of the verdict: neither needs a color to be seen.
    private static func marks(_ isSelected: Bool, _ verdict: Verdict) -> String {
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

    func escaped(_ text: String) -> String {
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

    /// What the table shows, as CSV: all its rows, those too that do not fit on the screen.
    func table(_ scene: Scene) -> [UInt8] {
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
}
