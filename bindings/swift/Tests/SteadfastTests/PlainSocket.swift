import Foundation
import Steadfast

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A WebSocket over a bare TCP connection, as much of it as the tests need: it reads short text messages. `URLSessionWebSocketTask` does
/// not work on Linux.
struct PlainSocketConnector: WebSocketConnector {
    func open(_ url: URL) async throws -> any WebSocket {
        let socket = try PlainSocket(url)
        try await socket.upgrade(url)
        return socket
    }
}

final class PlainSocket: WebSocket {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "PlainSocket")

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
    }

    deinit {
        close()
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
    }

    func upgrade(_ url: URL) async throws {
        let request = """
            GET \(url.path) HTTP/1.1\r
            Host: \(url.host ?? ""):\(url.port ?? 80)\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: c3RlYWRmYXN0LXRlc3RzIQ==\r
            \r

            """
        let bytes = Array(request.utf8)
        guard sendAll(descriptor, bytes) else { throw Broken(description: "cut off") }
        try await onQueue {
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual([13, 10, 13, 10]) { head += try self.read(1) }
            guard String(decoding: head, as: UTF8.self).contains(" 101 ") else { throw Broken(description: "no WebSocket") }
        }
    }

    func receive() async throws -> Message {
        try await onQueue {
            while true {
                let head = try self.read(2)
                let payload = try self.read(Int(head[1] & 0x7f))
                switch head[0] & 0x0f {
                case 1: return .text(String(decoding: payload, as: UTF8.self))
                case 8: throw WebSocketClosed(code: payload.count < 2 ? 1005 : Int(payload[0]) << 8 | Int(payload[1]))
                default: continue
                }
            }
        }
    }

    func send(_ message: Message) async throws {
        throw Broken(description: "this socket only reads")
    }

    func close() {
        // A thread that reads from it is woken.
        shutdown(descriptor, Int32(SHUT_RDWR))
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

    private func onQueue<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }
}

/// Outside of the class, whose own `send` hides the system's.
private func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    #if canImport(Glibc)
        let flags = Int32(MSG_NOSIGNAL)
    #else
        let flags: Int32 = 0
    #endif
    return send(descriptor, bytes, bytes.count, flags) == bytes.count
}
