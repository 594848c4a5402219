import Foundation
import Steadfast

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A WebSocket over a bare TCP connection, as much of it as the tests need: messages in one frame. `URLSessionWebSocketTask` does not work on
/// Linux.
struct PlainSocketConnector: WebSocketConnector {
    func open(_ request: WebSocketRequest) async throws -> any WebSocket {
        let socket = try PlainSocket(request.url)
        return try await withTaskCancellationHandler {
            try await socket.upgrade(request)
            return socket
        } onCancel: {
            socket.cancel()
        }
    }
}

final class PlainSocket: WebSocket {
    private let descriptor: Int32
    private let reading = DispatchQueue(label: "PlainSocket reads")
    private let writing = DispatchQueue(label: "PlainSocket writes")

    init(_ url: URL) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(url.port ?? 80).bigEndian)
        address.sin_addr.s_addr = inet_addr(url.host ?? "")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { throw Broken(description: "connection refused") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        cancel()
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
    }

    func upgrade(_ request: WebSocketRequest) async throws {
        let url = request.url
        let target = url.path + (url.query.map { "?" + $0 } ?? "")
        var lines = [
            "GET \(target) HTTP/1.1", "Host: \(url.host ?? ""):\(url.port ?? 80)", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: c3RlYWRmYXN0LXRlc3RzIQ==",
        ]
        if !request.protocols.isEmpty { lines.append("Sec-WebSocket-Protocol: \(request.protocols.joined(separator: ", "))") }
        lines += request.headers.map { "\($0.name): \($0.value)" }
        try await write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        let status: Int = try await on(reading) {
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual([13, 10, 13, 10]) { head += try self.read(1) }
            return Int(String(decoding: head, as: UTF8.self).split(separator: " ")[1]) ?? 0
        }
        guard status == 101 else { throw UpgradeRefused(status: status) }
    }

    func receive() async throws -> Message {
        try await on(reading) {
            while true {
                let head = try self.read(2)
                let payload = try self.read(try self.length(head[1] & 0x7f))
                switch head[0] & 0x0f {
                case 1: return .text(String(decoding: payload, as: UTF8.self))
                case 2: return .binary(Data(payload))
                case 8:
                    self.writing.async { try? self.sendAll(Self.frame(8, Array(payload.prefix(2)))) }
                    let code = payload.count < 2 ? 1005 : Int(payload[0]) << 8 | Int(payload[1])
                    throw WebSocketClosed(code: code, reason: String(decoding: payload.dropFirst(2), as: UTF8.self))
                case 9: self.writing.async { try? self.sendAll(Self.frame(10, payload)) }
                default: continue
                }
            }
        }
    }

    func send(_ message: Message) async throws {
        switch message {
        case .text(let text): try await write(Self.frame(1, Array(text.utf8)))
        case .binary(let bytes): try await write(Self.frame(2, Array(bytes)))
        }
    }

    func close(code: Int, reason: String) {
        writing.async { try? self.sendAll(Self.frame(8, [UInt8(code >> 8), UInt8(code & 0xff)] + Array(reason.utf8))) }
    }

    func cancel() {
        // A thread that reads from it, or writes to it, is woken.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// A client's frame: masked, with a mask that changes nothing.
    private static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = [0x80 | opcode]
        let count = payload.count
        let (short, bytes): (UInt8, Int) = count < 126 ? (UInt8(count), 0) : count < 65_536 ? (126, 2) : (127, 8)
        frame.append(0x80 | short)
        for place in 0..<bytes {
            frame.append(UInt8(truncatingIfNeeded: count >> (8 * (bytes - 1 - place))))
        }
        return frame + [0, 0, 0, 0] + payload
    }

    private func length(_ short: UInt8) throws -> Int {
        guard short > 125 else { return Int(short) }
        return try read(short == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let got = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + have, count - have, 0) }
            guard got > 0 else { throw Broken(description: "cut off") }
            have += got
        }
        return bytes
    }

    private func write(_ bytes: [UInt8]) async throws {
        try await on(writing) { try self.sendAll(bytes) }
    }

    private func sendAll(_ bytes: [UInt8]) throws {
        guard sendBytes(descriptor, bytes) else { throw Broken(description: "cut off") }
    }

    private func on<Result: Sendable>(_ queue: DispatchQueue, _ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }
}

/// Outside of the class, whose own `send` hides the system's.
private func sendBytes(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    #if canImport(Glibc)
        let flags = Int32(MSG_NOSIGNAL)
    #else
        let flags: Int32 = 0
    #endif
    var sent = 0
    while sent < bytes.count {
        let more = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress! + sent, bytes.count - sent, flags) }
        guard more > 0 else { return false }
        sent += more
    }
    return true
}
