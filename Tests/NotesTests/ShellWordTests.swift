import TestSupport
import Testing

@testable import MailWatch
@testable import Notes

@Suite struct ShellWordTests {
    /// What the owner of a script or a process can name it.
    static let hostile: [[UInt8]] = [
        Array("/srv/a b".utf8), Array("$(touch x)".utf8), Array("`id`".utf8), Array("a'; rm -rf / #".utf8),
        Array("-rf".utf8), Array("a\nb".utf8), [0xFF, 0x80, 0x31], Array("\\'\"!*?[~".utf8), Array("/srv/ü.php".utf8),
        Array("a=b".utf8), Array("\u{1B}[2J7".utf8), Array("~root".utf8), Array("{a,b}".utf8),
    ]

    @Test(arguments: hostile)
    func aShellTakesItAsItIs(bytes: [UInt8]) throws {
        let word = shellWord(bytes)
        #expect(word.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(try Child(["bash", "-c", "printf %s \(word)"]).end().output == bytes)
    }

    @Test(arguments: hostile)
    func aPatternMatchesOnlyItself(bytes: [UInt8]) {
        let pattern = String(decoding: globPattern(bytes), as: UTF8.self)
        #expect(
            ConnectionFilter.glob(pattern, bytes) || !bytes.elementsEqual(String(decoding: bytes, as: UTF8.self).utf8))
        #expect(!ConnectionFilter.glob(pattern, bytes + [0x78]))
        #expect(!ConnectionFilter.glob(pattern, [0x78] + bytes.dropFirst()))
    }
}
