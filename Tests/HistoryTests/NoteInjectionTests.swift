import Complaints
import Foundation
import History
import TestSupport
import Testing

@testable import MailWatch
@testable import Notes

/// A note about hostile names has the elements of one about tame names, as real parsers see it: html5lib, and cmark-gfm with
/// all its extensions.
@Suite(.timeLimit(.minutes(10)))
struct NoteInjectionTests {
    private static let skeleton = """
        import html5lib, sys
        page = html5lib.parse(sys.stdin.buffer.read(), namespaceHTMLElements=False)
        for element in page.iter():
            # GitHub's renderer makes one of what looks like an address, escaped or not: it shows where it leads.
            if element.tag == "a" and element.get("href") == "mailto:" + (element.text or ""): continue
            if element.tag in ("rect", "line") and element.get("class") is None: continue
            print(element.tag, sorted(element.attrib.items()))
        """

    private func note(_ text: String, complaint: String = "text") throws -> IncidentNote {
        let place = Place()
        var recorder: Recorder? = try place.recorder()
        for number in 0..<3 as Range<UInt64> {
            recorder?.record(
                try connection(Array(text.utf8), at: number, id: number), name: Array(text.utf8), clock: clock)
        }
        recorder?.finish()
        recorder = nil
        let reader = try HistoryReader(place.path)
        let complaint = Complaint(
            Array(
                "From: <\(complaint)>\nReceived: from \(complaint) ([198.51.100.7]) by mx; Tue, 13 Feb 2018 03:54:09 +0100\n"
                    .utf8), ownAddresses: [])
        var note = IncidentNote(
            host: text, version: "0", time: 1_518_490_440_000_000_000, span: 0..<UInt64(Int64.max),
            coverage: try reader.coverage(of: [0..<1]), answer: .init(complaint: complaint, ranking: [], best: [:]))
        try reader.connections(in: 0..<UInt64(Int64.max)) {
            note.add($0)
            return true
        }
        return note
    }

    private func elements(_ page: [UInt8], _ command: String = "cat") throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID()).page").path
        try Data(page).write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let result = try Child([
            "bash", "-o", "pipefail", "-c", "\(command) \"$0\" | /usr/bin/python3 -c \"$1\"", file, Self.skeleton,
        ]).end()
        #expect(result.status == 0, "\(result.errors)")
        return result.text
    }

    private static let hostile = [
        "/srv/<script>alert(1)</script>.php", "\" onload=\"alert(1)", "' onmouseover='alert(1)",
        "]]>--><img src=x onerror=a>",
        "</title></svg></pre></style><b>", "<!--", "&lt;b&gt;&#60;b&#62;",
        "[a](http://b.example)![c](http://d.example/e.png)",
        "http://a.example www.b.example c@d.example", "|a|b|\n|---|---|\n|c|d|",
        "\n\n# head\n\n* item\n> quote\n\n    code\n```\n",
        "`code` **bold** _it_ ~~gone~~ [^1]\n[^1]: note", "a\\", "\\<b>\\", "$(touch x) `touch y` ';touch z;'", "-rf",
        "\t=1+1",
        "\u{202E}gnp.exe\u{2066}", "\u{1B}]0;x\u{7}\0\r", "<https://a.example>", "- [x] done", "1. one", "***", "+ a",
        "===",
    ]

    @Test(arguments: hostile) func htmlHasNoElementOfTheirs(text: String) throws {
        #expect(try elements(note(text).html) == elements(note("text").html))
    }

    private static let render =
        "cmark-gfm --unsafe --extension table --extension autolink --extension strikethrough --extension tasklist --extension footnotes"

    @Test(arguments: hostile) func markdownHasNoElementOfTheirs(text: String) throws {
        #expect(try elements(note(text).markdown, Self.render) == elements(note("text").markdown, Self.render))
    }

    /// What is told of a complaint depends on what it says: here it counts of which kinds the elements are.
    @Test(arguments: hostile) func complaintsBringNoElementOfTheirs(text: String) throws {
        func kinds(_ elements: String) -> Set<Substring> { Set(elements.split(separator: "\n")) }
        #expect(try kinds(elements(note("text", complaint: text).html)) == kinds(elements(note("text").html)))
        #expect(
            try kinds(elements(note("text", complaint: text).markdown, Self.render))
                == kinds(elements(note("text").markdown, Self.render)))
    }
}
