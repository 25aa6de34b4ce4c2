/// A column of a table. `Row` is what a row is about.
struct Column<Row> {
    let title: StaticString
    let width: Int
    var isNumber = false
    /// It takes what is left, beside others that do.
    var isFlexible = false
    /// Of a path the end is kept.
    var keepsEnd: (Row) -> Bool = { _ in false }
    /// Escaped.
    let text: (Row) -> [UInt8]
    /// Whether a row stands before another one where the table is sorted by this.
    var isBefore: ((Row, Row) -> Bool)?
}
