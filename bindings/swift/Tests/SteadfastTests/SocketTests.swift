import Foundation
import Steadfast
import XCTest

/// A socket's life, without a network.
final class SocketTests: XCTestCase {
    private func link() throws -> Steadfast { try Steadfast.start(config, transport: Scripted { _ in ok }) }

    func testASocketOpensAndCloses() async throws {
        let sockets = FakeSockets()
        let link = try link()
        let socket = try link.socket("/chat?room=1", options: SocketOptions(protocols: ["a", "b"], headers: [Header(name: "x", value: "y")]), using: sockets)
        let (states, events) = (Collector(socket.states), Collector(socket.events))
        try await until { socket.state == .open }
        XCTAssertEqual(socket.endpoint?.name, "a")
        let expected = WebSocketRequest(url: URL(string: "wss://a.example/chat?room=1")!, protocols: ["a", "b"], headers: [Header(name: "x", value: "y")])
        XCTAssertEqual(sockets.requests, [expected])
        let sent = try await socket.send(.text("hello"))
        XCTAssertTrue(sent)
        XCTAssertEqual(sockets.all[0].sent, [.text("hello")])
        try socket.close(code: 4001, reason: "enough")
        try socket.close()
        XCTAssertEqual(socket.state, .closed)
        XCTAssertNil(socket.endpoint)
        XCTAssertEqual(sockets.all[0].closedWith, [4001])
        try await until { states.hasEnded && events.hasEnded && sockets.all[0].isCancelled }
        XCTAssertEqual(states.all.suffix(2), [.open, .closed])
        for await _ in socket.messages { XCTFail("nothing was sent") }
        await assertThrows(SteadfastError.socketClosed) { try await socket.send(.text("late")) }
        link.stop()
    }

    func testCloseCodesReasonsAndPathsAreRefusedAtOnce() throws {
        let link = try link()
        let socket = try link.socket(using: FakeSockets())
        for (code, reason) in [(1001, ""), (2999, ""), (5000, ""), (-1, ""), (1000, String(repeating: "é", count: 62))] {
            XCTAssertThrowsError(try socket.close(code: code, reason: reason))
        }
        XCTAssertNotEqual(socket.state, .closed)
        try socket.close(code: 3000, reason: String(repeating: "a", count: 123))
        for path in ["//elsewhere.example/", "/x#y", "https://elsewhere.example/", "a b"] {
            XCTAssertThrowsError(try link.socket(path, using: FakeSockets())) { error in
                guard case SteadfastError.pathRefused = error else { return XCTFail("\(error)") }
            }
        }
        link.stop()
    }

    func testASocketEndsWithItsLink() async throws {
        let link = try link()
        let socket = try link.socket(using: FakeSockets())
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        link.stop()
        for await _ in socket.messages { XCTFail("nothing was sent") }
        try await link.run()
        XCTAssertEqual(socket.state, .closed)
        try await until { events.hasEnded }
        let late = try link.socket(using: FakeSockets())
        XCTAssertEqual(late.state, .closed)
        for await state in late.states { XCTAssertEqual(state, .closed) }
        for await _ in late.messages { XCTFail("there was no connection") }
    }

    func testAnyNumberOfSocketsGoTheirOwnWays() async throws {
        let link = try link()
        let connector = FakeSockets()
        let all = try (0..<10).map { try link.socket("/\($0)", using: connector) }
        try await until { all.allSatisfy { $0.state == .open } }
        XCTAssertEqual(Set(connector.requests.map(\.url.path)), Set((0..<10).map { "/\($0)" }))
        try all[3].close()
        connector.all.first { $0.closedWith.isEmpty }?.end(Broken(description: "cut off"))
        try await until { connector.all.count == 11 && all.enumerated().allSatisfy { $0 == 3 || $1.state == .open } }
        XCTAssertEqual(all[3].state, .closed)
        link.stop()
    }

    func testWhoWeAreIsNotAskedAgain() async throws {
        for (code, status) in [(4401, nil), (4403, nil), (nil, 401), (nil, 403)] as [(Int?, Int?)] {
            let sockets = FakeSockets { _, socket in
                if let status { throw UpgradeRefused(status: status) }
                socket.arrive("sorry")
            }
            let link = try link()
            let socket = try link.socket(using: sockets)
            let events = Collector(socket.events)
            if let code {
                try await until { socket.state == .open }
                sockets.all[0].end(WebSocketClosed(code: code))
            }
            try await until { socket.state == .closed && events.hasEnded }
            XCTAssertEqual(events.all.last?.told, "stopped \(code ?? status ?? 0)")
            var messages: [Message] = []
            for await message in socket.messages { messages.append(message) }
            XCTAssertEqual(messages, code == nil ? [] : [.text("sorry")], "what came before is delivered")
            try await Task.sleep(for: .milliseconds(50))
            XCTAssertEqual(sockets.requests.count, 1)
            link.stop()
        }
    }

    func testWhoeverAsksLateIsToldWhatHasHappened() async throws {
        let link = try link()
        let socket = try link.socket(using: FakeSockets { _, _ in throw UpgradeRefused(status: 401) })
        try await until { socket.state == .closed }
        var told: [String] = []
        for await event in socket.events { told.append(event.told) }
        XCTAssertEqual(told, ["lost a -", "stopped 401"])
        for await _ in socket.events { XCTFail("they are told once") }
        link.stop()
    }

    func testOtherRefusalsAreFollowedByAnotherAttempt() async throws {
        let attempts = Counter()
        let sockets = FakeSockets { _, _ in
            attempts.add(1)
            if attempts.count == 1 { throw UpgradeRefused(status: 503) }
        }
        let link = try link()
        let socket = try link.socket(options: SocketOptions(stopCodes: [4000]), using: sockets)
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        sockets.all[0].end(WebSocketClosed(code: 4000, reason: "mine"))
        try await until { socket.state == .closed }
        try await until { events.hasEnded }
        XCTAssertTrue(events.all.contains { if case .lost(_, _, _, let error) = $0 { error as? UpgradeRefused == UpgradeRefused(status: 503) } else { false } })
        XCTAssertTrue(events.all.contains { if case .lost(_, 4000, "mine", nil) = $0 { true } else { false } })
        link.stop()
    }

    func testProvidersAreAskedForEachConnection() async throws {
        let asked = Counter()
        let options = SocketOptions(headers: .perConnection {
            asked.add(1)
            if asked.count == 2 { throw Broken(description: "no token") }
            return [Header(name: "authorization", value: "\(asked.count)")]
        })
        let sockets = FakeSockets()
        let link = try link()
        let socket = try link.socket(.perConnection { "/\(asked.count)" }, options: options, using: sockets)
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        sockets.all[0].end(WebSocketClosed(code: 1000))
        try await until { sockets.all.count == 2 && socket.state == .open }
        XCTAssertEqual(sockets.requests.map { $0.headers.map(\.value) }, [["1"], ["3"]])
        XCTAssertTrue(events.all.contains { if case .lost("a", nil, _, let error) = $0 { error is Broken } else { false } })
        XCTAssertEqual(link.active.name, "a", "the app's own fault moves nobody")
        link.stop()
    }

    func testAPathThatAProviderGivesIsCheckedAsWell() async throws {
        let link = try link()
        let sockets = FakeSockets()
        let socket = try link.socket(.perConnection { "//elsewhere.example/" }, using: sockets)
        let events = Collector(socket.events)
        try await until { events.all.contains { if case .lost(_, _, _, SteadfastError.pathRefused?) = $0 { true } else { false } } }
        XCTAssertEqual(sockets.requests, [])
        link.stop()
    }

    func testAnUnansweredPingReplacesTheConnection() async throws {
        let sockets = FakeSockets { _, socket in
            let number = Counter()
            socket.onSend = { [weak socket] message in
                // The first connection's answers stop.
                number.add(1)
                if message == .text("ping"), number.count < 3 { socket?.arrive("pong") }
            }
        }
        let link = try link()
        let ping = Ping(every: .milliseconds(30), within: .milliseconds(300), message: .text("ping")) { $0 == .text("pong") }
        let socket = try link.socket(options: SocketOptions(ping: ping), using: sockets)
        let (messages, events) = (Collector(socket.messages), Collector(socket.events))
        try await until { events.all.contains { $0.told == "moved a a" } }
        XCTAssertGreaterThanOrEqual(sockets.all[0].sent.count, 3, "two were answered")
        XCTAssertEqual(messages.all, [], "answers are not delivered")
        link.stop()
    }

    func testReconnectReplacesTheConnection() async throws {
        let sockets = FakeSockets()
        let link = try link()
        let (socket, other) = (try link.socket(using: sockets), try link.socket("/other", using: sockets))
        let events = Collector(socket.events)
        try await until { socket.state == .open && other.state == .open }
        socket.reconnect()
        try await until { events.all.contains { $0.told == "moved a a" } }
        XCTAssertEqual(sockets.requests.map(\.url.path).sorted(), ["/", "/", "/other"])
        try socket.close()
        socket.reconnect()
        try await Task.sleep(for: .milliseconds(100))
        XCTAssertEqual(sockets.requests.count, 3, "a closed socket replaces nothing")
        link.stop()
    }

    func testAThousandSocketsLeaveNothingBehind() async throws {
        let link = try link()
        let sockets = FakeSockets()
        var last: [Weak] = []
        for round in 0..<1_000 {
            let socket = try link.socket("/\(round)", using: sockets)
            try await until { socket.state == .open }
            if round % 3 == 0 { sockets.all[0].arrive("nobody reads this") }
            try await socket.send(.text("hello"))
            try socket.close()
            last.append(Weak(socket))
            sockets.forget()
        }
        try await until { sockets.alive.count == 0 && last.allSatisfy { $0.socket == nil } }
        print("Swift: 1,000 sockets opened and closed: \(sockets.alive.count) connections and \(last.filter { $0.socket != nil }.count) sockets left")
        link.stop()
    }
}

private struct Weak {
    weak var socket: SteadfastSocket?

    init(_ socket: SteadfastSocket) {
        self.socket = socket
    }
}

extension XCTestCase {
    func assertThrows<Expected: Error & Equatable>(_ expected: Expected, line: UInt = #line, _ work: () async throws -> Any) async {
        do {
            _ = try await work()
            XCTFail("nothing was thrown", line: line)
        } catch {
            XCTAssertEqual(error as? Expected, expected, "\(error)", line: line)
        }
    }
}
