import CProbe
import Glibc
import KernelProbe
import MailWatch
import Testing

struct RecordDecoderTests {
    @Test func connectTellsAllOfItsFields() throws {
        let event = try connect(Record().briefBytes)
        #expect(event.time == 3_000_000_019)
        #expect(event.connection == 5 << 48 | 23)
        #expect(event.identity == 0x0123_4567_89AB_CDEF)
        #expect(event.source.description == "198.51.100.7:40961")
        #expect(event.destination.description == "192.0.2.25:25")
        #expect(event.thread == 4243)
        #expect(event.threadName == Array("worker".utf8))
        #expect(event.isFollowed)
        #expect(event.description == nil)
    }

    @Test func unfollowedConnectSaysSo() throws {
        var record = Record()
        record.connect.flags |= UInt8(PROBE_UNFOLLOWED.rawValue)
        let event = try connect(record.bytes)
        #expect(!event.isFollowed)
        #expect(event.description != nil)
    }

    @Test func lifeTellsAllOfItsFields() throws {
        let event = try #require(decode(Record.life(PROBE_CLOSED)))
        guard case .closed(let life) = event else { return #expect(Bool(false), "\(event)") }
        #expect(life.time == 3_000_000_037)
        #expect(life.connection == 5 << 48 | 23)
        #expect(life.establishedTime == 3_000_000_029)
        #expect(life.error == 104)
        #expect(life.source.description == "198.51.100.7:40961")
        #expect(life.bytesSent == 1009)
        #expect(life.bytesReceived == 2003)
        #expect(life.cookie == 4099)
    }

    @Test func establishedIsToldApartFromClosed() throws {
        let event = try #require(decode(Record.life(PROBE_ESTABLISHED)))
        guard case .established(let life) = event else { return #expect(Bool(false), "\(event)") }
        #expect(life.connection == 5 << 48 | 23)
    }

    @Test func errorBeyondAnyErrnoIsClamped() throws {
        guard case .closed(let life) = decode(Record.life(PROBE_CLOSED) { $0.error = .max }) else {
            return #expect(Bool(false))
        }
        #expect(life.error == .max)
    }

    @Test(arguments: [
        Record().bytes, Record().briefBytes, Record.life(PROBE_ESTABLISHED), Record.life(PROBE_CLOSED),
    ])
    func everyShorterRecordIsRefused(whole: [UInt8]) {
        let accepted = whole.indices.filter { decode(Array(whole.prefix($0))) != nil }
        #expect(accepted == [])
        #expect(decode(whole) != nil)
    }

    @Test(arguments: [Record().bytes, Record().briefBytes, Record.life(PROBE_CLOSED)])
    func bytesBehindARecordChangeNothing(whole: [UInt8]) throws {
        let plain = try #require(decode(whole))
        for count in [1, 7, 64, 4096] {
            let longer = try #require(decode(whole + [UInt8](repeating: 0xFF, count: count)))
            #expect("\(longer)" == "\(plain)")
        }
    }

    @Test(arguments: 0..<5, [1, 4096, UInt16.max])
    func sizeThatClaimsMoreThanThereIsIsRefused(field: Int, excess: UInt16) {
        let sizes = [\probe_identity.argv_size, \.exe_size, \.cwd_size, \.cgroup_size, \.root_size]
        var record = Record()
        (record.argv, record.exe, record.cwd, record.cgroup, record.root) = ([], [], [], [], [])
        #expect(decode(record.bytes) != nil)
        record.identity[keyPath: sizes[field]] = excess
        #expect(decode(record.bytes(claiming: record.identity)) == nil)
    }

    @Test func sizesTogetherBeyondTheRecordAreRefused() {
        var record = Record()
        record.identity.argv_size = UInt16(record.argv.count)
        record.identity.exe_size = UInt16(record.exe.count)
        record.identity.cwd_size = UInt16(record.cwd.count)
        record.identity.cgroup_size = UInt16(record.cgroup.count)
        record.identity.root_size = UInt16(record.root.count + 1)
        #expect(decode(record.bytes(claiming: record.identity)) == nil)
    }

    @Test(arguments: [Record().briefBytes, Record.life(PROBE_CLOSED)])
    func unknownKindsAreRefused(record: [UInt8]) {
        var record = record
        let known = [
            PROBE_CONNECT, PROBE_ESTABLISHED, PROBE_CLOSED, PROBE_HANDOVER, PROBE_CONTEXT, PROBE_PROGRAM, PROBE_LINE,
            PROBE_TALKER,
        ].map(\.rawValue)
        for kind in UInt8.min...UInt8.max where !known.contains(UInt32(kind)) {
            record[0] = kind
            #expect(decode(record) == nil, "\(kind)")
        }
    }

    @Test func unknownFamiliesAreRefused() {
        var record = Record()
        let accepted = (UInt16.min...UInt16.max).filter { family in
            record.connect.family = family
            return decode(record.briefBytes) != nil
        }
        #expect(accepted.map(Int32.init) == [AF_INET, AF_INET6])
        let lives = (UInt8.min...UInt8.max).filter { family in
            decode(Record.life(PROBE_CLOSED) { $0.family = family }) != nil
        }
        #expect(lives.map(Int32.init) == [AF_INET, AF_INET6])
    }

    @Test func ipv6AddressIsReadWhole() throws {
        var record = Record()
        record.connect.family = UInt16(AF_INET6)
        fill(&record.connect.destination, [0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6])
        #expect(try connect(record.bytes).destination.description == "[2001:db8:1:2:3:4:5:6]:25")
    }

    @Test func mappedAddressIsIPv4() throws {
        var record = Record()
        record.connect.family = UInt16(AF_INET6)
        fill(&record.connect.destination, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 25])
        let destination = try connect(record.bytes).destination
        #expect(destination.address.isIPv4)
        #expect(destination.description == "192.0.2.25:25")
    }

    @Test func nameEndsAtItsFirstNULOrAfterSixteenBytes() throws {
        var record = Record()
        fill(&record.connect.comm, Array("ab\0cd\0".utf8))
        #expect(try connect(record.briefBytes).threadName == Array("ab".utf8))
        fill(&record.connect.comm, [UInt8](repeating: 0xFE, count: 16))
        #expect(try connect(record.briefBytes).threadName == [UInt8](repeating: 0xFE, count: 16))
        fill(&record.connect.comm, [UInt8](repeating: 0, count: 16))
        #expect(try connect(record.briefBytes).threadName == [])
    }
}

/// The event in a record, if it is one.
func decode(_ record: [UInt8]) -> KernelEvent? {
    unsafe RecordDecoder.decode(record.span.bytes)
}

func connect(_ record: [UInt8]) throws -> ConnectEvent {
    guard case .connect(let event) = decode(record) else { throw NoConnect() }
    return event
}

struct NoConnect: Error {}
