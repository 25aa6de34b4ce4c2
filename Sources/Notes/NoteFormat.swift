/// A piece of a note's text.
enum Span {
    /// Our own words, plain in every format.
    case own(String)
    case strong(String)
    /// Bytes of a process, of the network or of a complaint.
    case foreign([UInt8])
}

/// How a note is written down. What is foreign is escaped here and nowhere else.
protocol NoteFormat {
    var text: [UInt8] { get }
    mutating func begin(title: [Span])
    mutating func heading(_ text: [Span], level: Int)
    mutating func paragraph(_ text: [Span])
    mutating func list(_ items: [[Span]])
    mutating func table(_ head: [String], _ rows: [[[Span]]])
    /// Lines for a shell: ASCII, their foreign words by `shellWord`.
    mutating func commands(_ lines: [String])
    mutating func picture(_ picture: TimelinePicture)
    mutating func end()
}
