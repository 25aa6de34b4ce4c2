import CProbe

/// A context record as the kernel side writes it, to be spoiled by tests.
struct ContextRecord: Sendable {
    var context = probe_context()
    var strings: [UInt8] = [0, 0]

    /// A plugin's method connects, within a request of FPM.
    init() {
        context.kind = UInt8(PROBE_CONTEXT.rawValue)
        context.fingerprint = 0xFEDC_BA98
        context.start_ns = 1_000_000_007
        context.tgid = 4242
        context.uid = 33
        context.version = 8 << 8 | 2
        context.sapi = add("fpm-fcgi")
        context.method = add("GET")
        context.host = add("shop.example")
        context.path = add("/contact?key=secret")
        context.client = add("203.0.113.9")
        context.script = add("/srv/shop/index.php")
        context.title = add("php-fpm: pool www")
        let file = add("/srv/shop/mail.php")
        let scope = add("Acme\\Mailer")
        context.frames.0 = probe_frame(
            line: 0, file: 0, function: add("fsockopen"), scope: 0, type: UInt8(PROBE_FRAME_INTERNAL.rawValue),
            missing: 0)
        context.frames.1 = probe_frame(
            line: 12, file: file, function: add("send"), scope: scope, type: UInt8(PROBE_FRAME_USER.rawValue),
            missing: 0)
        context.frames.2 = probe_frame(
            line: 23, file: file, function: add("run"), scope: scope, type: UInt8(PROBE_FRAME_USER.rawValue),
            missing: 1)
        context.frame_count = 3
        context.strings_size = UInt32(strings.count)
    }

    /// Returns the text's offset.
    mutating func add(_ text: String, isCut: Bool = false) -> UInt16 {
        let offset = UInt16(strings.count)
        let length = UInt16(text.utf8.count) | (isCut ? UInt16(PROBE_PHP_CUT) : 0)
        strings += [UInt8(length & 0xFF), UInt8(length >> 8)] + text.utf8
        if strings.count % 2 != 0 { strings.append(0) }
        return offset
    }

    var bytes: [UInt8] { memory(of: context) + strings }
}
