internal import MailWatch

/// CommonMark with GitHub's tables.
struct MarkdownFormat: NoteFormat {
    private(set) var text: [UInt8] = []

    mutating func begin(title: [Span]) { heading(title, level: 1) }

    mutating func heading(_ text: [Span], level: Int) {
        write(String(repeating: "#", count: level) + " ")
        write(text)
        write("\n\n")
    }

    mutating func paragraph(_ text: [Span]) {
        write(text)
        write("\n\n")
    }

    mutating func list(_ items: [[Span]]) {
        for item in items {
            write("- ")
            write(item)
            write("\n")
        }
        write("\n")
    }

    mutating func table(_ head: [String], _ rows: [[[Span]]]) {
        write("| \(head.joined(separator: " | ")) |\n|\(String(repeating: " --- |", count: head.count))\n")
        for row in rows {
            for cell in row {
                write("| ")
                write(cell)
                write(" ")
            }
            write("|\n")
        }
        write("\n")
    }

    mutating func commands(_ lines: [String]) {
        // No line begins with what would end it.
        write("```sh\n\(lines.joined(separator: "\n"))\n```\n\n")
    }

    mutating func picture(_ picture: TimelinePicture) {
        table(
            ["from (UTC)"] + picture.series.map(\.mark),
            picture.busiest.map { bin in
                [[.own(picture.time(of: bin))]] + picture.series.map { [.own("\($0.counts[bin])")] }
            })
        list(picture.series.map { [.strong($0.mark), .own(": ")] + $0.name })
    }

    mutating func end() {}

    private mutating func write(_ string: String) { text += Array(string.utf8) }

    private mutating func write(_ spans: [Span]) {
        for span in spans {
            switch span {
            case .own(let words): write(words)
            case .strong(let words): write("**\(words)**")
            case .foreign(let bytes): Escaping.append(bytes, to: &text, for: .markdown)
            }
        }
    }
}
