/// How long something is, for people: `45 s`, `5 min`, `5 h 18 min`, `3 d`; what is shorter than its unit is left out.
///
/// - Parameter time: ns.
package func spanText(_ time: UInt64) -> String {
    let seconds = time / 1_000_000_000
    func parts(_ large: UInt64, _ name: String, _ small: UInt64, _ rest: String) -> String {
        let remainder = seconds % large / small
        return "\(seconds / large) \(name)" + (remainder == 0 ? "" : " \(remainder) \(rest)")
    }
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return parts(60, "min", 1, "s")
    case ..<86_400: return parts(3600, "h", 60, "min")
    default: return parts(86_400, "d", 3600, "h")
    }
}
