/// A word of a command that bash, zsh and ksh take as it is meant, whatever bytes are in it.
func shellWord(_ bytes: [UInt8]) -> String {
    let plain = bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/._-:@%+,".utf8.contains(byte)
        }
    }
    if plain, let first = bytes.first, first != UInt8(ascii: "-") { return String(decoding: bytes, as: UTF8.self) }
    // ANSI-C quoting: what is not ASCII or does not show is written by its number.
    var text = "$'"
    for byte in bytes {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
        case 0x20...0x7E: text.unicodeScalars.append(UnicodeScalar(byte))
        default:
            // Three octal digits end by themselves.
            let digits = String(byte, radix: 8)
            text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
    }
    return text + "'"
}

/// The pattern of glob(7) that matches just these bytes.
func globPattern(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { byte -> [UInt8] in "*?[\\".utf8.contains(byte) ? [UInt8(ascii: "\\"), byte] : [byte] }
}
