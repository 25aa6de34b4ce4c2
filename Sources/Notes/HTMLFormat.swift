internal import MailWatch
internal import Reports

/// A page that needs nothing else: no script, no reference to anything outside.
struct HTMLFormat: NoteFormat {
    private(set) var text: [UInt8] = []

    mutating func begin(title: [Span]) {
        write(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <meta name="color-scheme" content="light dark">
            <title>
            """)
        write(title)
        write("</title>\n<style>\n\(Self.style)</style>\n</head>\n<body>\n")
        element("h1", title)
    }

    mutating func heading(_ text: [Span], level: Int) { element("h\(level)", text) }

    mutating func paragraph(_ text: [Span]) { element("p", text) }

    mutating func list(_ items: [[Span]]) {
        write("<ul>\n")
        for item in items { element("li", item) }
        write("</ul>\n")
    }

    mutating func table(_ head: [String], _ rows: [[[Span]]]) {
        write("<div class=\"wide\"><table>\n<thead><tr>")
        for cell in head { write("<th>\(cell)</th>") }
        write("</tr></thead>\n<tbody>\n")
        for row in rows {
            write("<tr>")
            for cell in row {
                write("<td>")
                write(cell)
                write("</td>")
            }
            write("</tr>\n")
        }
        write("</tbody></table></div>\n")
    }

    mutating func commands(_ lines: [String]) {
        write("<pre><code>")
        Escaping.append(line: lines, to: &text)
        write("</code></pre>\n")
    }

    mutating func picture(_ picture: TimelinePicture) {
        let (width, height, left, top) = (960, 220, 48, 18)
        let highest = max(picture.highest, 1)
        let step = Double(width - left - 8) / Double(max(picture.count, 10))
        func x(_ bin: Double) -> String { decimal(Double(left) + bin * step) }
        func y(_ count: Int) -> String { decimal(Double(top) + Double(height) * (1 - Double(count) / Double(highest))) }
        write(
            "<figure>\n<svg viewBox=\"0 0 \(width) \(height + top + 28)\" role=\"img\" aria-label=\"Connections per \(picture.step), by sender\">\n<defs>\n"
        )
        for (index, hatch) in Self.hatches.enumerated() {
            write(
                "<pattern id=\"p\(index)\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" class=\"s\(index)\"/><path d=\"\(hatch)\" class=\"hatch\"/></pattern>\n"
            )
        }
        write("</defs>\n<g class=\"axis\">")
        for count in Set([0, (highest + 1) / 2, highest]).sorted() {
            write("<line x1=\"\(left)\" x2=\"\(width)\" y1=\"\(y(count))\" y2=\"\(y(count))\"/>")
            write("<text x=\"\(left - 6)\" y=\"\(y(count))\" dy=\"4\" text-anchor=\"end\">\(count)</text>")
        }
        write("</g>\n")
        for bin in 0..<picture.count {
            var below = 0
            for (index, series) in picture.series.enumerated() where series.counts[bin] > 0 {
                let above = below + series.counts[bin]
                let size = Double(height) * Double(series.counts[bin]) / Double(highest)
                write(
                    "<rect x=\"\(x(Double(bin)))\" y=\"\(y(above))\" width=\"\(decimal(max(step - 1, 1)))\" height=\"\(decimal(size))\" fill=\"url(#p\(index))\"><title>\(picture.time(of: bin)) \(series.mark): \(series.counts[bin])</title></rect>\n"
                )
                below = above
            }
        }
        for mark in picture.marks {
            let at = x(Double(mark - picture.start) / Double(picture.width))
            write("<line class=\"mark\" x1=\"\(at)\" x2=\"\(at)\" y1=\"4\" y2=\"\(height + top)\"/>")
            write("<text class=\"mark\" x=\"\(at)\" y=\"12\" dx=\"4\">complaint</text>\n")
        }
        let last = picture.count - 1
        let base = height + top + 18
        write("<text x=\"\(left)\" y=\"\(base)\">\(picture.time(of: 0))</text>")
        if Double(last) * step > 320 {
            write(
                "<text x=\"\(x(Double(last + 1)))\" y=\"\(base)\" text-anchor=\"end\">\(picture.time(of: last))</text>")
        }
        write("\n</svg>\n<figcaption>Connections per \(picture.step), in UTC.</figcaption>\n<ul class=\"legend\">\n")
        for (index, series) in picture.series.enumerated() {
            write(
                "<li><svg width=\"18\" height=\"12\" aria-hidden=\"true\"><rect width=\"18\" height=\"12\" fill=\"url(#p\(index))\"/></svg> <strong>\(series.mark)</strong> "
            )
            write(series.name)
            write("</li>\n")
        }
        write("</ul>\n</figure>\n")
    }

    mutating func end() { write("</body>\n</html>\n") }

    /// One of each series: what is drawn over its colour.
    private static let hatches = [
        "", "M0 6L6 0", "M0 0L6 6", "M0 3H6", "M3 0V6", "M0 0L6 6M0 6L6 0", "M3 2.5V3.5",
    ]

    private static let style = """
        :root { --ink: #1c2530; --paper: #fff; --line: #d5dbe2; --soft: #f3f5f8; --mark: #b00020 }
        @media (prefers-color-scheme: dark) {
            :root { --ink: #e4e8ee; --paper: #14181d; --line: #39424d; --soft: #1e242b; --mark: #ff8a80 }
        }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem;
            margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
        h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem } h3 { font-size: 1rem; margin-top: 1.5rem }
        .wide { overflow-x: auto }
        table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
        th, td { border: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; min-width: 3rem }
        th { background: var(--soft); overflow-wrap: normal }
        pre { background: var(--soft); padding: .8rem; overflow-x: auto; font-size: 13px }
        figure { margin: 1rem 0 }
        svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: currentColor }
        .axis line { stroke: var(--line) }
        line.mark { stroke: var(--mark); stroke-width: 2; stroke-dasharray: 5 3 } text.mark { fill: var(--mark) }
        .hatch { stroke: var(--paper); stroke-width: 1.4 }
        .s0 { fill: #d1495b } .s1 { fill: #2e86ab } .s2 { fill: #66a182 } .s3 { fill: #edae49 } .s4 { fill: #8d6cab }
        .s5 { fill: #5f6b7a } .s6 { fill: #9aa5b1 }
        .legend { list-style: none; padding: 0; font-size: 13px }
        @media print { body { margin: 0; max-width: none } pre { white-space: pre-wrap } .wide { overflow: visible } }

        """

    private mutating func element(_ name: String, _ spans: [Span]) {
        write("<\(name)>")
        write(spans)
        write("</\(name)>\n")
    }

    private mutating func write(_ string: String) { text += Array(string.utf8) }

    private mutating func write(_ spans: [Span]) {
        for span in spans {
            switch span {
            case .own(let words): Escaping.append(words, to: &text, for: .html)
            case .strong(let words): write("<strong>\(words)</strong>")
            case .foreign(let bytes): Escaping.append(bytes, to: &text, for: .html)
            }
        }
    }

    private func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}

extension Escaping {
    /// Lines of our own, with the line ends.
    fileprivate static func append(line lines: [String], to text: inout [UInt8]) {
        for line in lines {
            // A backslash is no escape here, but itself.
            for (index, piece) in line.split(separator: "\\", omittingEmptySubsequences: false).enumerated() {
                if index > 0 { text.append(UInt8(ascii: "\\")) }
                append(String(piece), to: &text, for: .html)
            }
            text.append(UInt8(ascii: "\n"))
        }
    }
}
