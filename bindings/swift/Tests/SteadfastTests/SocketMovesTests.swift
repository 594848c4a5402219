import Foundation
import Steadfast
import XCTest

/// How a socket goes from one connection to the next, without a network.
final class SocketMovesTests: XCTestCase {
    private func link() throws -> Steadfast { try Steadfast.start(config, transport: Scripted { _ in ok }) }

    func testWhatTheOldServerHadSentComesBeforeAnythingOfTheNewOne() async throws {
        let sockets = FakeSockets { _, socket in
            if socket.host == "a.example" {
                // It closes once it has said all.
                socket.onClose = { socket, code in
                    for text in ["a2", "a3"] { socket.arrive(text) }
                    socket.end(WebSocketClosed(code: code))
                }
            } else {
                for text in ["b1", "b2"] { socket.arrive(text) }
            }
        }
        let link = try link()
        let socket = try link.socket(using: sockets)
        let (messages, events, states) = (Collector(socket.messages), Collector(socket.events), Collector(socket.states))
        try await until { socket.state == .open }
        sockets.all[0].arrive("a1")
        try link.beginMaintenance(of: "a")
        try await until { messages.all.count == 5 }
        XCTAssertEqual(messages.all.map(\.asText), ["a1", "a2", "a3", "b1", "b2"])
        try await until { events.all.contains { $0.told == "moved a b" } }
        XCTAssertFalse(events.all.contains { $0.told.hasPrefix("lost") })
        XCTAssertEqual(states.all.filter { $0 != .connecting }, [.open], "it was open all the time")
        XCTAssertNotEqual(states.all.last, .connecting)
        XCTAssertEqual(socket.endpoint?.name, "b")
        try await until { sockets.all[0].isCancelled }
        link.stop()
    }

    func testAnOldServerThatDoesNotCloseIsWaitedForNoLongerThanTwoSeconds() async throws {
        let sockets = FakeSockets { _, socket in
            if socket.host == "a.example" { socket.onClose = { socket, _ in socket.arrive("last words") } } else { socket.arrive("b1") }
        }
        let link = try link()
        let socket = try link.socket(using: sockets)
        let messages = Collector(socket.messages)
        try await until { socket.state == .open }
        try link.beginMaintenance(of: "a")
        try await until { socket.endpoint?.name == "b" && !messages.all.isEmpty }
        let closed = ContinuousClock.now
        XCTAssertEqual(messages.all, [.text("last words")])
        try await until { messages.all.count == 2 }
        XCTAssertGreaterThan(closed.duration(to: .now), .seconds(1))
        XCTAssertEqual(messages.all.last, .text("b1"))
        link.stop()
    }

    func testAfterACloseDuringAMoveTheOldServerIsWaitedForNoLongerThanTwoSeconds() async throws {
        for closes in [true, false] {
            let number = Counter()
            let sockets = FakeSockets { _, socket in
                number.add(1)
                socket.onClose = nil
                socket.arrive("\(number.count): hello")
            }
            let link = try link()
            let socket = try link.socket(using: sockets)
            let messages = Collector(socket.messages)
            try await until { messages.all.count == 1 }
            socket.reconnect()
            try await until { sockets.all[0].closedWith == [1000] && sockets.all[1].received == 1 }
            let moved = ContinuousClock.now
            try await Task.sleep(for: .milliseconds(50))
            try socket.close()
            sockets.all[0].arrive("1: last words")
            sockets.all[1].arrive("2: too late")
            if closes { sockets.all[0].end(WebSocketClosed(code: 1000)) }
            try await until { messages.hasEnded }
            XCTAssertEqual(messages.all.map(\.asText), ["1: hello", "1: last words", "2: hello"])
            let took = moved.duration(to: .now)
            if closes { XCTAssertLessThan(took, .seconds(1), "the old connection has closed") } else { XCTAssertLessThan(took, .seconds(3)) }
            link.stop()
        }
    }

    func testTheHookPreparesANewConnectionBeforeItTakesOver() async throws {
        let sockets = FakeSockets { _, socket in
            socket.onSend = { [weak socket] message in
                if message == .text("log in") { socket?.arrive("welcome") }
            }
        }
        let link = try link()
        let options = SocketOptions(onMigrate: { migration in
            try await migration.send(.text("log in"))
            let answer = try await migration.receive()
            guard answer == .text("welcome"), migration.from.name == "a", migration.to.name == "b" else { throw Broken(description: "\(answer)") }
        })
        let socket = try link.socket(options: options, using: sockets)
        let messages = Collector(socket.messages)
        try await until { socket.state == .open }
        XCTAssertEqual(sockets.all[0].sent, [], "the first connection takes over from none")
        try link.beginMaintenance(of: "a")
        try await until { socket.endpoint?.name == "b" }
        try await socket.send(.text("hello"))
        XCTAssertEqual(sockets.all[1].sent, [.text("log in"), .text("hello")])
        XCTAssertEqual(messages.all, [], "what the hook has received is the hook's")
        link.stop()
    }

    func testAHookThatFailsOrIsLateLeavesTheOldConnection() async throws {
        let late: @Sendable (Migration) async throws -> Void = { _ in
            // It does not care that it is cancelled.
            await Task.detached { try? await Task.sleep(for: .seconds(5)) }.value
        }
        let failing: @Sendable (Migration) async throws -> Void = { _ in throw Broken(description: "not now") }
        for hook in [late, failing] {
            var quick = config
            quick.connectTimeout = .seconds(1)
            let sockets = FakeSockets()
            let link = try Steadfast.start(quick, transport: Scripted { _ in ok })
            let events = Collector(link.events)
            let socket = try link.socket(options: SocketOptions(onMigrate: hook), using: sockets)
            try await until { socket.state == .open }
            socket.reconnect()
            try await until { sockets.all.count >= 2 && !sockets.all[1].closedWith.isEmpty }
            XCTAssertEqual(socket.state, .open)
            XCTAssertEqual(sockets.all[0].closedWith, [])
            XCTAssertEqual(link.active.name, "a", "no server is blamed")
            XCTAssertFalse(events.all.contains { if case .switched = $0 { true } else { false } })
            link.stop()
        }
    }

    func testAConnectionThatNeverTookOverDeliversNothing() async throws {
        let sockets = FakeSockets { _, socket in socket.arrive("hello") }
        let link = try link()
        let socket = try link.socket(
            options: SocketOptions(onMigrate: { _ in try await Task.sleep(for: .milliseconds(50)); throw Broken(description: "no") }), using: sockets)
        let messages = Collector(socket.messages)
        try await until { messages.all.count == 1 }
        socket.reconnect()
        try await until { sockets.all.count >= 2 && !sockets.all[1].closedWith.isEmpty }
        try await Task.sleep(for: .milliseconds(50))
        XCTAssertEqual(messages.all.count, 1)
        link.stop()
    }

    func testWhatBreaksWhileTheAppIsSlowBlamesNobody() async throws {
        let sockets = FakeSockets()
        let link = try link()
        let events = Collector(link.events)
        let socket = try link.socket(using: sockets)
        try await until { socket.state == .open }
        // One more than are kept, and one that nobody has come to: it is not read on.
        for number in 0..<300 { sockets.all[0].arrive("\(number)") }
        try await Task.sleep(for: .milliseconds(300))
        sockets.all[0].end(Broken(description: "cut off by the platform"))
        var read: [String] = []
        for await message in socket.messages {
            read.append(message.asText)
            if read.count == 300 { break }
        }
        XCTAssertEqual(read, (0..<300).map(String.init))
        try await until { sockets.all.count == 2 }
        XCTAssertFalse(events.all.contains { if case .switched = $0 { true } else { false } })
        link.stop()
    }
}
