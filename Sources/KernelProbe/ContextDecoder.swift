internal import CProbe
internal import MailWatch

extension RecordDecoder {
    /// A probe_context with its texts. Nil when it is not whole, or refers outside of itself.
    ///
    /// - Parameter withQuery: leaves the query in the request's path. It can hold secrets.
    static func context(_ record: RawSpan, withQuery: Bool) -> (PHPContext, fingerprint: UInt64)? {
        guard record.byteCount >= MemoryLayout<probe_context>.size else { return nil }
        // The size has been checked, and any bytes are a probe_context.
        let raw = unsafe record.unsafeLoadUnaligned(as: probe_context.self)
        var texts = Texts(record.extracting(droppingFirst: MemoryLayout<probe_context>.size), raw.strings_size)
        guard texts.isWhole, raw.frame_count <= UInt8(PROBE_FRAMES) else { return nil }

        func has(_ flag: probe_context_flags) -> Bool { UInt32(raw.flags) & flag.rawValue != 0 }
        var context = PHPContext()
        context.pid = raw.tgid
        context.startTime = raw.start_ns
        context.uid = raw.uid
        context.version = "\(raw.version >> 8).\(raw.version & 0xFF)"
        context.sapi = texts.read(raw.sapi)
        context.method = texts.read(raw.method)
        context.host = texts.read(raw.host)
        context.path = texts.read(raw.path)
        if !withQuery { context.path = Array(context.path.prefix { $0 != UInt8(ascii: "?") }) }
        context.client = texts.read(raw.client)
        // Kept up to a length, and so cut at its end.
        context.script = texts.read(raw.script)
        if texts.wasCut { context.script += Array("...".utf8) }
        context.pool = pool(texts.read(raw.title))
        let frames = raw.frames
        // probe_context has PROBE_FRAMES of them, side by side.
        unsafe withUnsafeBytes(of: frames) { bytes in
            let frames = unsafe bytes.bindMemory(to: probe_frame.self)
            context.frames = unsafe frames.prefix(Int(raw.frame_count)).map { texts.frame($0) }
        }
        guard texts.isWhole else { return nil }

        for (flag, gap) in [
            (PROBE_STACK_UNREADABLE, PHPContext.Gaps.stackUnreadable), (PROBE_STACK_TRUNCATED, .stackTruncated),
            (PROBE_TEXT_MISSING, .namesMissing), (PROBE_REQUEST_UNREADABLE, .requestUnreadable),
            (PROBE_UNVERIFIED, .unverified),
        ] where has(flag) { context.gaps.insert(gap) }
        if texts.isCut { context.gaps.insert(.namesCut) }
        if context.frames.isEmpty { context.gaps.insert(.noFrames) }
        return (context, raw.fingerprint)
    }

    /// FPM's workers call themselves `php-fpm: pool NAME` (fpm_env.c).
    private static func pool(_ title: [UInt8]) -> [UInt8] {
        let prefix = "php-fpm: pool "
        return title.starts(with: prefix.utf8) ? Array(title.dropFirst(prefix.utf8.count)) : []
    }
}

/// The texts behind a context.
private struct Texts {
    private let bytes: [UInt8]
    /// False once something has referred outside of it.
    private(set) var isWhole: Bool
    private(set) var isCut = false
    /// Of the text that was read last.
    private(set) var wasCut = false
    /// Frames of one file, or of one class, share the text.
    private var files: (offset: UInt16, text: [UInt8]) = (0, [])
    private var scopes: (offset: UInt16, text: [UInt8]) = (0, [])

    init(_ record: RawSpan, _ size: UInt32) {
        isWhole = record.byteCount >= size && size <= UInt32(PROBE_PHP_STRINGS)
        bytes = isWhole ? unsafe record.extracting(first: Int(size)).withUnsafeBytes { unsafe Array($0) } : []
    }

    /// The text at that offset; none at 0.
    mutating func read(_ offset: UInt16) -> [UInt8] {
        wasCut = false
        guard offset > 0 else { return [] }
        let start = Int(offset) + 2
        guard start <= bytes.count else {
            isWhole = false
            return []
        }
        let length = Int(bytes[start - 2]) | Int(bytes[start - 1]) << 8
        let count = length & ~Int(PROBE_PHP_CUT)
        guard start + count <= bytes.count else {
            isWhole = false
            return []
        }
        wasCut = length & Int(PROBE_PHP_CUT) != 0
        if wasCut { isCut = true }
        return Array(bytes[start..<start + count])
    }

    mutating func frame(_ raw: probe_frame) -> PHPContext.Frame {
        if raw.file != files.offset {
            let end = read(raw.file)
            // The rest alone may be the path of another file.
            files = (raw.file, wasCut ? Array("...".utf8) + end : end)
        }
        if raw.scope != scopes.offset { scopes = (raw.scope, read(raw.scope)) }
        return PHPContext.Frame(
            kind: .init(rawValue: raw.type) ?? .none, file: files.text, line: raw.line, function: read(raw.function),
            scope: scopes.text, gaps: raw.missing != 0 ? .namesMissing : [])
    }
}
