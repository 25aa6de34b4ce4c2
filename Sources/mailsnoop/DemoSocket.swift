internal import Glibc

/// Blocking TCP, a line at a time.
enum DemoSocket {
    private static func address(_ text: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        // The address is as large as its family needs.
        _ = unsafe inet_pton(AF_INET, text, &address.sin_addr)
        return address
    }

    static func listen(_ port: UInt16) -> Int32 {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = address("0.0.0.0", port)
        // The length is that of the address.
        let isBound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return isBound == 0 && Glibc.listen(server, 64) == 0 ? server : -1
    }

    static func connect(_ host: String, _ port: UInt16) -> Int32 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = address(host, port)
        // The length is that of the address.
        let error = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if error == 0 { return client }
        close(client)
        return -1
    }

    static func write(_ line: String, _ socket: Int32) {
        let bytes = Array("\(line)\r\n".utf8)
        // Sends what the array holds.
        _ = unsafe send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Without its end; nil at the end of all.
    static func line(_ socket: Int32) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        // Reads one byte.
        while unsafe recv(socket, &byte, 1, 0) == 1, line.count < 4096 {
            if byte == UInt8(ascii: "\n") { return String(decoding: line.filter { $0 != 0x0D }, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}
