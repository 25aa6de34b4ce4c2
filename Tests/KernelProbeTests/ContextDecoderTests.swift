import CProbe
import KernelProbe
import MailWatch
import Testing

struct ContextDecoderTests {
    private func context(_ record: ContextRecord) throws -> PHPContext {
        guard case .context(let context, let fingerprint) = decode(record.bytes) else { throw NoConnect() }
        #expect(fingerprint == 0xFEDC_BA98)
        return context
    }

    @Test func everyFieldIsRead() throws {
        let context = try context(ContextRecord())
        #expect(context.pid == 4242)
        #expect(context.startTime == 1_000_000_007)
        #expect(context.uid == 33)
        #expect(context.version == "8.2")
        let texts = [
            context.sapi, context.method, context.host, context.path, context.client, context.script, context.pool,
        ]
        #expect(
            texts.map { String(decoding: $0, as: UTF8.self) } == [
                "fpm-fcgi", "GET", "shop.example", "/contact", "203.0.113.9", "/srv/shop/index.php", "www",
            ])
        let file = Array("/srv/shop/mail.php".utf8)
        let scope = Array("Acme\\Mailer".utf8)
        #expect(
            context.frames == [
                .init(kind: .internal, function: Array("fsockopen".utf8)),
                .init(kind: .user, file: file, line: 12, function: Array("send".utf8), scope: scope),
                .init(
                    kind: .user, file: file, line: 23, function: Array("run".utf8), scope: scope, gaps: .namesMissing),
            ])
        #expect(context.gaps == [])
    }

    @Test func queryIsLeftOutUnlessItIsAskedFor() throws {
        let event = unsafe RecordDecoder.decode(ContextRecord().bytes.span.bytes, withQuery: true)
        guard case .context(let context, _) = event else { throw NoConnect() }
        #expect(context.path == Array("/contact?key=secret".utf8))
    }

    @Test(
        arguments: zip(
            [
                PROBE_STACK_UNREADABLE, PROBE_STACK_TRUNCATED, PROBE_TEXT_MISSING, PROBE_REQUEST_UNREADABLE,
                PROBE_UNVERIFIED,
            ].map(\.rawValue),
            [
                PHPContext.Gaps.stackUnreadable, .stackTruncated, .namesMissing, .requestUnreadable, .unverified,
            ]))
    func flagIsAGap(flag: UInt32, gap: PHPContext.Gaps) throws {
        var record = ContextRecord()
        record.context.flags = UInt16(flag)
        #expect(try context(record).gaps == gap)
    }

    @Test func whatWasCutIsAGap() throws {
        var record = ContextRecord()
        record.context.frames.1.function = record.add("a name that was longer", isCut: true)
        record.context.strings_size = UInt32(record.strings.count)
        let context = try context(record)
        #expect(context.gaps == .namesCut)
        #expect(context.frames[1].function == Array("a name that was longer".utf8))
    }

    /// The rest could be the path of another file.
    @Test func aPathThatWasCutIsNone() throws {
        var record = ContextRecord()
        record.context.frames.1.file = record.add("/srv/innocent.php", isCut: true)
        record.context.frames.2.file = record.add("/srv/whole.php")
        record.context.script = record.add("/srv/innocent", isCut: true)
        record.context.strings_size = UInt32(record.strings.count)
        let context = try context(record)
        #expect(context.frames[1].file == Array(".../srv/innocent.php".utf8))
        #expect(context.frames[2].file == Array("/srv/whole.php".utf8))
        #expect(context.script == Array("/srv/innocent...".utf8))
        #expect(context.gaps == .namesCut)
    }

    @Test func withoutFramesNothingWasRunning() throws {
        var record = ContextRecord()
        record.context.frame_count = 0
        #expect(try context(record).gaps == .noFrames)
    }

    @Test func titleThatIsNoPoolIsNone() throws {
        var record = ContextRecord()
        record.context.title = record.context.sapi
        #expect(try context(record).pool == [])
    }

    @Test func moreFramesThanThereCanBeAreRefused() {
        var record = ContextRecord()
        record.context.frame_count = UInt8(PROBE_FRAMES) + 1
        #expect(decode(record.bytes) == nil)
    }

    @Test func textsThatClaimMoreThanThereIsAreRefused() {
        let whole = ContextRecord()
        for count in 0..<whole.bytes.count { #expect(decode(Array(whole.bytes.prefix(count))) == nil, "\(count)") }
        var record = whole
        record.context.strings_size = UInt32(PROBE_PHP_STRINGS) + 1
        #expect(decode(record.bytes + [UInt8](repeating: 0, count: 8192)) == nil)
    }

    @Test func referenceOutsideIsRefused() {
        let size = UInt16(ContextRecord().strings.count)
        for offset in [size - 1, size, size + 2, .max] {
            var record = ContextRecord()
            record.context.host = offset
            #expect(decode(record.bytes) == nil, "host \(offset)")
            record = ContextRecord()
            record.context.frames.2.function = offset
            #expect(decode(record.bytes) == nil, "frame \(offset)")
        }
    }

    @Test func handoverIsAConnectWithoutAConnection() throws {
        var record = Record()
        record.connect.kind = UInt8(PROBE_HANDOVER.rawValue)
        record.connect.origin = 7
        guard case .handover(let event) = decode(record.bytes) else { throw NoConnect() }
        #expect(event.origin == 7)
        #expect(event.description != nil)
    }

    @Test func programIsRead() {
        let program = probe_program(
            kind: UInt8(PROBE_PROGRAM.rawValue), reserved: (0, 0, 0), tgid: 17, inode: 23, device: 29, change: 31,
            uid: 37, reserved2: 0)
        guard case .program(let event) = decode(memory(of: program)) else {
            Issue.record("no program")
            return
        }
        #expect(event == ProgramEvent(pid: 17, uid: 37, inode: 23, device: 29, change: 31))
        #expect(decode(Array(memory(of: program).dropLast())) == nil)
    }
}
