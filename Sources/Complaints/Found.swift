/// Something that a complaint says, and the line that says it.
///
/// Both are a stranger's bytes: bounded, and escaped only where they are shown.
public struct Found<Value: Sendable & Equatable>: Sendable, Equatable {
    public let value: Value
    /// Without what it was folded by, at most 300 bytes; empty for what was asked by an option.
    public let line: [UInt8]

    public init(_ value: Value, line: [UInt8] = []) {
        self.value = value
        self.line = Array(line.prefix(300))
    }
}

/// When something happened, by another host's clock.
public struct Moment: Sendable, Equatable {
    /// How far the clocks of two hosts, and the begin and the end of a delivery, may lie apart: five minutes, in ns.
    public static let defaultTolerance: UInt64 = 300_000_000_000

    /// ns since the epoch, UTC.
    public var time: UInt64
    /// ns to either side.
    public var tolerance: UInt64
    /// As `TimeText.zone`.
    public var zone: String
    public var isZoneStated: Bool

    public init(_ text: TimeText, tolerance: UInt64? = nil) {
        time = text.time
        // A text without seconds or without a time of day names the begin of a minute or a day.
        self.tolerance = tolerance ?? max(Self.defaultTolerance, text.precision)
        zone = text.zone
        isZoneStated = text.isZoneStated
    }

    /// ns since the epoch in which it may have happened.
    public var window: ClosedRange<UInt64> {
        let end = time.addingReportingOverflow(tolerance)
        return (time - min(time, tolerance))...(end.overflow ? .max : end.partialValue)
    }
}
