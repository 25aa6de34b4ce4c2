internal import CProbe
internal import Glibc
public import MailWatch

/// Reads records of the kernel side (bpf/include/probe_events.h). Anything that is none of them is refused; nothing is
/// read outside the span.
public enum RecordDecoder {
    /// Nil when `record` is not a whole, well-formed record.
    ///
    /// - Parameter withQuery: leaves the query in the path of a PHP request.
    public static func decode(_ record: RawSpan, withQuery: Bool = false) -> KernelEvent? {
        guard record.byteCount > 0 else { return nil }
        switch UInt32(record.load(UInt8.self, at: 0)) {
        case PROBE_CONNECT.rawValue: return connect(record).map { .connect($0) }
        case PROBE_HANDOVER.rawValue: return connect(record).map { .handover($0) }
        case PROBE_TALKER.rawValue: return connect(record).map { .talker($0) }
        case PROBE_CONTEXT.rawValue:
            return context(record, withQuery: withQuery).map { .context($0, fingerprint: $1) }
        case PROBE_PROGRAM.rawValue: return program(record).map { .program($0) }
        case PROBE_ESTABLISHED.rawValue: return life(record).map { .established($0) }
        case PROBE_CLOSED.rawValue: return life(record).map { .closed($0) }
        case PROBE_LINE.rawValue: return line(record).map { .line($0) }
        default: return nil
        }
    }

    private static func connect(_ record: RawSpan) -> ConnectEvent? {
        guard record.byteCount >= MemoryLayout<probe_connect>.size else { return nil }
        // The size has been checked, and any bytes are a probe_connect.
        let raw = unsafe record.unsafeLoadUnaligned(as: probe_connect.self)
        guard let source = address(unsafe bytes(of: raw.source), family: raw.family),
            let destination = address(unsafe bytes(of: raw.destination), family: raw.family)
        else { return nil }
        var description: ProcessDescription?
        if UInt32(raw.flags) & PROBE_DESCRIBED.rawValue != 0 {
            description = describe(record.extracting(droppingFirst: MemoryLayout<probe_connect>.size))
            guard description != nil else { return nil }
        }
        var event = ConnectEvent(
            time: raw.time_ns, connection: raw.connection, identity: raw.identity, description: description,
            source: Endpoint(address: source, port: raw.source_port),
            destination: Endpoint(address: destination, port: raw.destination_port), thread: raw.tid,
            threadName: unsafe name(bytes(of: raw.comm)),
            isFollowed: UInt32(raw.flags) & PROBE_UNFOLLOWED.rawValue == 0,
            isByContent: UInt32(raw.flags) & PROBE_BY_CONTENT.rawValue != 0, php: raw.php, origin: raw.origin)
        event.socketUID = raw.socket_uid
        event.beganBefore = UInt32(raw.flags) & PROBE_BEGAN_BEFORE.rawValue != 0
        return event
    }

    /// Reads the connects that an iterator has written one behind the other, each with a description. What is not whole at
    /// the end is left out.
    static func connects(_ records: RawSpan) -> [ConnectEvent] {
        var events: [ConnectEvent] = []
        var rest = records
        let head = MemoryLayout<probe_connect>.size + MemoryLayout<probe_identity>.size
        while rest.byteCount >= head {
            // The size has been checked, and any bytes are a probe_identity.
            let raw = unsafe rest.extracting(droppingFirst: MemoryLayout<probe_connect>.size).unsafeLoadUnaligned(
                as: probe_identity.self)
            let strings = [raw.argv_size, raw.exe_size, raw.cwd_size, raw.cgroup_size, raw.root_size]
            let size = strings.reduce(head) { $0 + Int($1) }
            guard size <= rest.byteCount else { break }
            if let event = connect(rest.extracting(first: size)) { events.append(event) }
            rest = rest.extracting(droppingFirst: size)
        }
        return events
    }

    private static func line(_ record: RawSpan) -> LineEvent? {
        guard record.byteCount >= MemoryLayout<probe_line>.size else { return nil }
        // As above.
        let raw = unsafe record.unsafeLoadUnaligned(as: probe_line.self)
        let text = record.extracting(droppingFirst: MemoryLayout<probe_line>.size)
        guard let kind = LineEvent.Kind(rawValue: raw.what), text.byteCount >= Int(raw.size),
            Int(raw.size) <= Int(PROBE_LINE_TEXT)
        else { return nil }
        let isReply = kind == .greeting || kind == .reply
        return LineEvent(
            time: raw.time_ns, connection: raw.connection, kind: kind,
            // A reply comes with its code and the blank, or dash, behind it.
            text: Array(text.extracting(first: Int(raw.size)).array.dropFirst(isReply ? 4 : 0)), code: raw.code,
            ordinal: raw.ordinal, recipients: raw.recipients,
            isCut: UInt32(raw.flags) & PROBE_LINE_CUT.rawValue != 0,
            followsGap: UInt32(raw.flags) & PROBE_LINE_GAP.rawValue != 0,
            isInTLS: UInt32(raw.flags) & PROBE_LINE_TLS.rawValue != 0)
    }

    private static func program(_ record: RawSpan) -> ProgramEvent? {
        guard record.byteCount >= MemoryLayout<probe_program>.size else { return nil }
        // As above.
        let raw = unsafe record.unsafeLoadUnaligned(as: probe_program.self)
        return ProgramEvent(
            pid: raw.tgid, uid: raw.uid, inode: raw.inode, device: raw.device, change: raw.change)
    }

    private static func life(_ record: RawSpan) -> LifeEvent? {
        guard record.byteCount >= MemoryLayout<probe_life>.size else { return nil }
        // As above.
        let raw = unsafe record.unsafeLoadUnaligned(as: probe_life.self)
        guard let source = address(unsafe bytes(of: raw.source), family: UInt16(raw.family)) else { return nil }
        return LifeEvent(
            time: raw.time_ns, connection: raw.connection, establishedTime: raw.established_ns,
            error: Int32(clamping: raw.error), source: Endpoint(address: source, port: raw.source_port),
            cookie: raw.cookie, bytesSent: raw.bytes_sent, bytesReceived: raw.bytes_received,
            bytesAccounted: raw.bytes_accounted)
    }

    private static func describe(_ record: RawSpan) -> ProcessDescription? {
        guard record.byteCount >= MemoryLayout<probe_identity>.size else { return nil }
        // As above.
        let raw = unsafe record.unsafeLoadUnaligned(as: probe_identity.self)
        let strings = record.extracting(droppingFirst: MemoryLayout<probe_identity>.size).array
        var rest = strings[...]
        func take(_ size: UInt16) -> ArraySlice<UInt8>? {
            guard Int(size) <= rest.count else { return nil }
            defer { rest = rest.dropFirst(Int(size)) }
            return rest.prefix(Int(size))
        }
        guard let argv = take(raw.argv_size), let exe = take(raw.exe_size), let cwd = take(raw.cwd_size),
            let cgroup = take(raw.cgroup_size), let root = take(raw.root_size),
            let legacyCgroup = take(raw.legacy_cgroup_size), let executionArgv = take(raw.execution_argv_size),
            let executionCwd = take(raw.execution_cwd_size)
        else { return nil }

        func has(_ flag: probe_identity_flags) -> Bool { UInt32(raw.flags) & flag.rawValue != 0 }
        var process = ProcessDescription()
        process.pid = raw.tgid
        process.startTime = raw.start_ns
        process.uid = raw.uid
        process.gid = raw.gid
        process.effectiveUID = raw.euid
        process.effectiveGID = raw.egid
        process.loginUID = raw.loginuid == .max ? nil : raw.loginuid
        process.networkNamespace = raw.network_namespace
        process.cgroupID = raw.cgroup_id
        process.comm = unsafe name(bytes(of: raw.comm))
        process.argv = Array(argv)
        process.exeInode = raw.exe_inode
        process.exeDevice = raw.exe_device
        process.isExeDeleted = has(PROBE_EXE_DELETED)
        process.isCwdDeleted = has(PROBE_CWD_DELETED)
        process.isKernelThread = has(PROBE_KERNEL_THREAD)
        if !process.isKernelThread { process.exe = path(exe, isWhole: !has(PROBE_EXE_TRUNCATED)) }
        process.cwd = path(cwd, isWhole: !has(PROBE_CWD_TRUNCATED))
        process.root = path(root, isWhole: !has(PROBE_ROOT_TRUNCATED))
        process.mountNamespace = raw.mount_namespace
        process.exeMountNamespace = raw.exe_mount_namespace
        process.exeMountOwner = raw.exe_mount_owner
        process.userNamespace = raw.user_namespace
        process.cgroupPath = path(cgroup, isWhole: !has(PROBE_CGROUP_TRUNCATED))
        if has(PROBE_LEGACY_CGROUP) {
            process.legacyCgroupPath = path(legacyCgroup, isWhole: !has(PROBE_LEGACY_CGROUP_TRUNCATED))
        }
        process.execution = execution(raw, argv: executionArgv, cwd: executionCwd)
        for (flag, gap) in [
            (PROBE_ARGV_UNREADABLE, ProcessDescription.Gaps.argvUnreadable), (PROBE_ARGV_TRUNCATED, .argvTruncated),
            (PROBE_EXE_TRUNCATED, .exeTruncated), (PROBE_CWD_TRUNCATED, .cwdTruncated),
            (PROBE_CGROUP_TRUNCATED, .cgroupTruncated), (PROBE_ROOT_TRUNCATED, .rootTruncated),
            (PROBE_LEGACY_CGROUP_TRUNCATED, .cgroupTruncated),
        ] where has(flag) { process.gaps.insert(gap) }
        let ancestors = raw.ancestors
        for ancestor in [ancestors.0, ancestors.1, ancestors.2, ancestors.3, ancestors.4, ancestors.5] {
            guard ancestor.tgid != 0 else { break }
            process.ancestors.append(
                .init(
                    pid: ancestor.tgid, uid: ancestor.uid, startTime: ancestor.start_ns,
                    comm: unsafe name(bytes(of: ancestor.comm))))
        }
        return process
    }

    private static func execution(
        _ raw: probe_identity, argv: ArraySlice<UInt8>, cwd: ArraySlice<UInt8>
    ) -> ProcessDescription.Execution? {
        func has(_ flag: probe_execution_flags) -> Bool { UInt32(raw.execution_flags) & flag.rawValue != 0 }
        guard has(PROBE_EXECUTION_KNOWN) else { return nil }
        var execution = ProcessDescription.Execution()
        execution.argv = Array(argv)
        execution.isArgvTruncated = has(PROBE_EXECUTION_ARGV_TRUNCATED)
        if !has(PROBE_EXECUTION_CWD_TRUNCATED) { execution.cwd = path(cwd, isWhole: true) }
        execution.exeInode = raw.execution_inode
        execution.exeDevice = raw.execution_device
        execution.hasLoaderVariables = has(PROBE_LOADER_VARIABLES)
        execution.hasInterpreterVariables = has(PROBE_INTERPRETER_VARIABLES)
        execution.isEnvironmentTruncated = has(PROBE_ENVIRONMENT_TRUNCATED)
        return execution
    }

    /// The components come from the leaf to the root. A path that was cut begins with `...`.
    private static func path(_ names: ArraySlice<UInt8>, isWhole: Bool) -> [UInt8] {
        var components = names.split(separator: 0, omittingEmptySubsequences: true)
        components.reverse()
        var path: [UInt8] = isWhole ? [] : Array("...".utf8)
        for component in components {
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: component)
        }
        return path.isEmpty ? [UInt8(ascii: "/")] : path
    }

    private static func address(_ bytes: [16 of UInt8], family: UInt16) -> IPAddress? {
        func word(_ range: Range<Int>) -> UInt64 { range.reduce(0) { $0 << 8 | UInt64(bytes[$1]) } }
        switch Int32(family) {
        case AF_INET: return IPAddress(ipv4: UInt32(word(0..<4)))
        case AF_INET6: return IPAddress(high: word(0..<8), low: word(8..<16))
        default: return nil
        }
    }

    /// Up to the first NUL.
    private static func name(_ bytes: [16 of UInt8]) -> [UInt8] {
        bytes.indices.prefix { bytes[$0] != 0 }.map { bytes[$0] }
    }

    /// C's arrays come as tuples: sixteen bytes each, of any value.
    @unsafe private static func bytes<Tuple: BitwiseCopyable>(of tuple: Tuple) -> [16 of UInt8] {
        unsafe unsafeBitCast(tuple, to: [16 of UInt8].self)
    }
}

extension RawSpan {
    fileprivate func load(_: UInt8.Type, at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    fileprivate var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
