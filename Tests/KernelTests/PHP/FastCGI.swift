import Foundation
import Glibc

/// A client of FastCGI 1.0, as far as a web server is one: a request a connection.
enum FastCGI {
    struct NoAnswer: Error { let reason: String }

    /// Sends a request with these variables and returns what the program wrote, header and all.
    static func request(port: UInt16, _ variables: [String: String]) throws -> String {
        let descriptor = try connect(port)
        defer { close(descriptor) }
        // BEGIN_REQUEST: role 1, responder.
        var bytes = record(1, [0, 1, 0, 0, 0, 0, 0, 0])
        var parameters: [UInt8] = []
        for (name, value) in variables {
            parameters += length(name.utf8.count) + length(value.utf8.count) + Array(name.utf8) + Array(value.utf8)
        }
        bytes += record(4, parameters) + record(4, []) + record(5, [])
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else {
            throw NoAnswer(reason: "write \(errno)")
        }
        return try answer(descriptor)
    }

    private static func connect(_ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        // A sockaddr_in is a sockaddr of that size.
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw NoAnswer(reason: "connect \(errno)")
        }
        return descriptor
    }

    private static func answer(_ descriptor: Int32) throws -> String {
        var received: [UInt8] = []
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            // read writes at most the buffer's size.
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { throw NoAnswer(reason: "it ended: \(String(decoding: text, as: UTF8.self))") }
            received += buffer[..<count]
            while received.count >= 8 {
                let size = Int(received[4]) << 8 | Int(received[5])
                let whole = 8 + size + Int(received[6])
                guard received.count >= whole else { break }
                // STDOUT, STDERR; END_REQUEST.
                if received[1] == 6 || received[1] == 7 { text += received[8..<8 + size] }
                if received[1] == 3 { return String(decoding: text, as: UTF8.self) }
                received.removeFirst(whole)
            }
        }
    }

    private static func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0] + content
    }

    private static func length(_ count: Int) -> [UInt8] {
        count < 128 ? [UInt8(count)] : [24, 16, 8, 0].map { UInt8(count >> $0 & 0xFF) | ($0 == 24 ? 0x80 : 0) }
    }
}
