import MailWatch
import Testing

struct BytesTests {
    @Test(
        arguments: [
            (0, 1, "0"), (7, 1, "7"), (97, 1, "97"), (97, 4, "0097"), (12_345, 2, "12345"), (0, 3, "000"),
            (UInt64.max, 1, "18446744073709551615"), (1, 20, "00000000000000000001"), (1, 99, "00000000000000000001"),
        ] as [(UInt64, Int, String)])
    func numberIsWritten(number: UInt64, width: Int, text: String) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number, width: width)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }
}
