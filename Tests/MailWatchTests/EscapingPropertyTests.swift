import Foundation
import MailWatch
import TestSupport
import Testing

/// What holds for any bytes, tried with 20,011 of the worst.
struct EscapingPropertyTests {
    private static let inputs: [[UInt8]] = {
        var random = SplitMix64(seed: 47)
        return (0..<20_011).map { _ in
            (0..<Int.random(in: 0...12, using: &random)).flatMap { _ -> [UInt8] in
                switch Int.random(in: 0..<6, using: &random) {
                case 0: [UInt8.random(in: 0...0xFF, using: &random)]
                case 1: [UInt8.random(in: 0x80...0xFF, using: &random), UInt8.random(in: 0x80...0xBF, using: &random)]
                case 2: Array(#"\u{1b}"#.utf8)
                case 3: [UInt8.random(in: 0x20...0x7E, using: &random)]
                case 4: utf8(UInt32.random(in: 0...0x33FF, using: &random))
                default: utf8(UInt32.random(in: 0...0x10FFFF, using: &random))
                }
            }
        }
    }()

    private static func utf8(_ value: UInt32) -> [UInt8] { Unicode.Scalar(value).map { Array(String($0).utf8) } ?? [] }

    @Test(arguments: [Sink.text, .ascii, .json])
    func outputIsUTF8WithoutACharacterThatDoesSomething(sink: Sink) throws {
        for input in Self.inputs {
            var output: [UInt8] = []
            Escaping.append(input, to: &output, for: sink)
            let text = try #require(String(validating: output, as: UTF8.self))
            let harmful = text.unicodeScalars.filter {
                switch $0.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
                default: sink == .ascii && !$0.isASCII
                }
            }
            #expect(harmful.isEmpty, "\(input)")
        }
    }

    /// Nothing is ambiguous: the text form leads back to the bytes.
    @Test(arguments: [Sink.text, .ascii])
    func textFormTellsTheExactBytes(sink: Sink) {
        for input in Self.inputs {
            var output: [UInt8] = []
            Escaping.append(input, to: &output, for: sink)
            #expect(unescape(output) == input)
        }
    }

    @Test func jsonFormOfUTF8IsReadBackExactly() throws {
        var count = 0
        for input in Self.inputs where String(validating: input, as: UTF8.self) != nil {
            var output: [UInt8] = [UInt8(ascii: "\"")]
            #expect(Escaping.append(input, to: &output, for: .json) == 0)
            output.append(UInt8(ascii: "\""))
            let value = try JSONSerialization.jsonObject(with: Data(output), options: .fragmentsAllowed)
            #expect((value as? String).map { Array($0.utf8) } == input)
            count += 1
        }
        #expect(count > 5000)
    }

    private func unescape(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: "\\") else {
                bytes.append(first)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\\"): bytes.append(first)
            case UInt8(ascii: "x"):
                guard let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
                bytes.append(byte)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "u"):
                let digits = rest.dropFirst().prefix { $0 != UInt8(ascii: "}") }
                guard let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
                bytes += Self.utf8(value)
                rest = rest.dropFirst(digits.count + 2)
            default: return nil
            }
        }
        return bytes
    }
}
