import Foundation
import Steadfast
import XCTest

/// A connection's life, from one to the next.
final class ConnectionTests: XCTestCase {
    func testAClosedConnectionLeavesTheNextOneAlone() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let first = try link.connect(using: PlainSocketConnector())
        XCTAssertThrowsError(try link.connect(using: PlainSocketConnector()))
        first.close()
        let second = try link.connect(using: PlainSocketConnector())
        first.close()
        XCTAssertThrowsError(try link.connect(using: PlainSocketConnector()))
        link.stop()
        for await _ in second.messages { XCTFail("there was no socket") }
    }

    func testAConnectionMadeWhileAnotherOneClosesIsLeftAlone() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let (opened, next) = (Counter(), Counter())
        let sockets = SilentSockets(opened: opened) { [weak link] in
            _ = try? link?.connect(using: SilentSockets(opened: next) {})
        }
        let first = try link.connect(using: sockets)
        try await until { opened.count == 1 && first.endpoint != nil }
        first.close()
        try await until { next.count == 1 }
        XCTAssertThrowsError(try link.connect(using: sockets), "the second one is held")
        link.stop()
    }

    func testAConnectionOpensHoweverSoonItFollowsTheLastOne() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let sockets = SilentSockets(opened: Counter()) {}
        var last = try link.connect(using: sockets)
        for round in 1...200 {
            let closing = Task.detached { [last] in last.close() }
            var next: Connection?
            while next == nil {
                next = try? link.connect(using: sockets)
                await Task.yield()
            }
            await closing.value
            last = try XCTUnwrap(next)
            try await until { last.endpoint != nil }
            guard last.endpoint != nil else { return XCTFail("round \(round)") }
        }
        link.stop()
    }

    func testAConnectionOfAfterTheEndHasEnded() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        link.stop()
        try await link.run()
        for _ in 0..<2 {
            let connection = try link.connect(using: PlainSocketConnector())
            let ended = expectation(description: "the messages end")
            let reading = Task {
                for await _ in connection.messages {}
                ended.fulfill()
            }
            await fulfillment(of: [ended], timeout: 10)
            reading.cancel()
            let sent = await connection.send(.text("nobody hears it"))
            XCTAssertFalse(sent)
        }
    }

    func testAConnectionIsReplacedOnRequestByAnotherOneToTheSameEndpoint() async throws {
        let testbed = try Testbed()
        let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
        let connection = try link.connect(using: PlainSocketConnector())
        var messages = connection.messages.makeAsyncIterator()
        for _ in 0..<3 {
            let greeting = await messages.next()
            XCTAssertEqual(greeting, .text("primary"))
            connection.reconnect()
        }
        connection.close()
        let next = try link.connect(using: PlainSocketConnector())
        var others = next.messages.makeAsyncIterator()
        let greeting = await others.next()
        XCTAssertEqual(greeting, .text("primary"))
        connection.reconnect()
        try await Task.sleep(for: .milliseconds(200))
        XCTAssertEqual(next.endpoint?.name, "primary", "a closed connection replaces no other")
        link.stop()
    }

    func testASocketThatTheServerClosesIsLetGoOf() async throws {
        let sockets = ClosingSockets()
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let connection = try link.connect(using: sockets)
        while sockets.closed < 2 { try await Task.sleep(for: .milliseconds(5)) }
        connection.close()
        link.stop()
    }
}

/// Opens sockets on which nothing arrives, counts them, and says when one is closed.
private struct SilentSockets: WebSocketConnector {
    let opened: Counter
    let closed: @Sendable () -> Void

    func open(_ url: URL) async throws -> any WebSocket {
        opened.add(1)
        return Silent(closed: closed)
    }

    private struct Silent: WebSocket {
        let closed: @Sendable () -> Void

        func receive() async throws -> Message {
            try await Task.sleep(for: .seconds(3_600))
            throw WebSocketClosed(code: 1000)
        }

        func send(_ message: Message) async throws {}
        func close() { closed() }
    }
}

/// Opens sockets that the server closes at once, and counts those that were let go of.
private final class ClosingSockets: WebSocketConnector, @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    var closed: Int { lock.withLock { count } }

    func open(_ url: URL) async throws -> any WebSocket { Closing(sockets: self) }

    private struct Closing: WebSocket {
        let sockets: ClosingSockets

        func receive() async throws -> Message { throw WebSocketClosed(code: 1000) }
        func send(_ message: Message) async throws {}
        func close() { sockets.lock.withLock { sockets.count += 1 } }
    }
}
