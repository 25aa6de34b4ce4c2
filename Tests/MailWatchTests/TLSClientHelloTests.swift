import TestSupport
import Testing

@testable import MailWatch

struct TLSClientHelloTests {
    /// OpenSSL 3.0.19: `openssl s_client -connect 127.0.0.1:PORT -servername mx.openssl.example </dev/null`, the first read
    /// of a Python listener on loopback.
    private static let openSSL = bytes(
        "160301013f0100013b03035d4cc24952e546f4ad2c243e3b64ab1e14880d293b91c9965051cdf81c283faa20b0db01d3adf05492"
            + "84b75bbc6cf9bc8c899e8ff0e4b97762b774acedcfc26796003e130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024"
            + "c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff010000b40000001700150000126d782e"
            + "6f70656e73736c2e6578616d706c65000b000403000102000a00160014001d0017001e0019001801000101010201030104002300"
            + "000016000000170000000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205"
            + "020602002b0009080304030303020301002d00020101003300260024001d00207a6687d9a8e43891334293a9c5974227c0ec4db2"
            + "f7762f3aa093fff69862b849")

    /// GnuTLS 3.7.9, the same with `gnutls-cli -p PORT --sni-hostname=mx.gnutls.example 127.0.0.1`.
    private static let gnuTLS = bytes(
        "160301018a0100018603039ee46969e4d29b0eda6d90ab3bc926cec4a232f8c0bce443890c05d853b4df7820324db571ba78d3a7"
            + "9541a0c1ed43bdf52b1a3114abe0d20394aee6d8d0ab4e6a003a1302130313011304c02ccca9c0adc00ac02bc0acc009c030cca8"
            + "c014c02fc013009dc09d0035009cc09c002f009fccaac09f0039009ec09e003301000103000500050100000000000a0016001400"
            + "1700180019001d001e01000101010201030104000b00020100000d00220020040108090804040308070501080a08050503080806"
            + "01080b08060603020102030016000000170000002300000033006b006900170041041e4f93c32e7aaa80489a10864a68ee606d03"
            + "b3ffdacfb05b4cd65ecd2707e2a16d69f18cb15d1d375c94f8c3a0383b7913efe15e7de9b5373581481250fddf0e001d002072ac"
            + "035aa5840f3fc0242dd5ba151ffb3bfbb2a6ac11e7b27944587e64c6404d002b0009080304030303020301ff0100010000000016"
            + "00140000116d782e676e75746c732e6578616d706c65002d0003020100001c00024001")

    private static let fixtures = [
        (openSSL, Array("mx.openssl.example".utf8)), (gnuTLS, Array("mx.gnutls.example".utf8)),
    ]

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal.utf8)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
        }
    }

    @Test func namesOfRealClientsAreRead() {
        for (hello, name) in Self.fixtures { #expect(TLSClientHello.serverName(in: hello) == name) }
    }

    /// Cut anywhere, the name is there whole or not at all.
    @Test func cutHelloHasTheWholeNameOrNone() throws {
        for (hello, name) in Self.fixtures {
            let end = try #require((0..<hello.count).first { hello[$0...].starts(with: name) }) + name.count
            for count in 0..<hello.count {
                #expect(TLSClientHello.serverName(in: Array(hello[..<count])) == (count < end ? [] : name))
            }
        }
    }

    @Test func helloMayBeInSeveralRecords() {
        for (hello, name) in Self.fixtures {
            var records: [UInt8] = []
            var rest = hello.dropFirst(5)
            while !rest.isEmpty {
                let fragment = rest.prefix(37)
                records += [0x16, 3, 1, 0, UInt8(fragment.count)] + fragment
                rest = rest.dropFirst(37)
            }
            #expect(TLSClientHello.serverName(in: records) == name)
        }
    }

    @Test func whatIsNoHelloHasNoName() {
        for bytes in [[], [0x16], Array("EHLO mail.com".utf8), [0x16, 3, 1, 0, 4, 2, 0, 0, 0]] as [[UInt8]] {
            #expect(TLSClientHello.serverName(in: bytes) == [])
        }
    }

    @Test func damagedHelloIsHarmless() {
        var random = SplitMix64(seed: 53)
        for round in 0..<20_011 {
            var hello = Self.fixtures[round % 2].0
            for _ in 0...random.below(4) { hello[random.below(hello.count)] = UInt8(truncatingIfNeeded: random.next()) }
            hello.removeLast(random.below(hello.count))
            #expect(TLSClientHello.serverName(in: hello).count <= 255)
        }
    }
}
