import Foundation
import XCTest

@testable import Steadfast

/// When the engine hears that something was sent.
final class SocketSendingTests: XCTestCase {
    func testAnAnswerIsNotToldBeforeWhatItAnswers() async throws {
        let checks = Counter()
        var calm = config
        calm.check.interval = .seconds(60)
        let link = try Steadfast.start(
            calm,
            transport: Scripted { endpoint in
                if endpoint.name == "a" { checks.add(1) }
                return ok
            })
        // The answer is there before the send is done.
        let sockets = FakeSockets { _, socket in
            socket.onSend = { [weak socket] message in
                socket?.arrive("answer")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let socket = try link.socket(using: sockets)
        let messages = Collector(socket.messages)
        try await until { socket.state == .open }
        // It is learnt that answers come at once, and that pauses are now long, now short.
        for round in 1...8 {
            try await socket.send(.text("question"))
            sockets.all[0].arrive("more")
            try await until { messages.all.count == 2 * round }
            try await Task.sleep(for: .milliseconds(round % 2 == 0 ? 300 : 900))
        }
        let before = checks.count
        try await socket.send(.text("question"))
        try await until { messages.all.count == 17 }
        try await Task.sleep(for: .milliseconds(1_600))
        XCTAssertEqual(checks.count, before, "no answer is overdue")
        link.stop()
    }

    func testAPingThatWaitsBehindMessagesIsGivenItsTime() async throws {
        let sockets = FakeSockets { _, socket in
            socket.onSend = { [weak socket] message in
                if message == .text("ping") { socket?.arrive("pong") } else { try await Task.sleep(for: .milliseconds(500)) }
            }
        }
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let ping = Ping(every: .milliseconds(200), within: .seconds(1), message: .text("ping")) { $0 == .text("pong") }
        let socket = try link.socket(options: SocketOptions(ping: ping), using: sockets)
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 { group.addTask { try await socket.send(.text("large \(number)")) } }
            try await group.waitForAll()
        }
        try await until { sockets.all[0].sent.contains(.text("ping")) }
        XCTAssertEqual(events.all.map(\.told), ["opened a"], "the server was not silent: it had not been asked")
        XCTAssertEqual(sockets.all.count, 1)
        link.stop()
    }
    func testOnePingWaitsAndGoesWithItsConnection() async throws {
        let (release, released) = AsyncStream.makeStream(of: Void.self)
        let asked = Counter()
        let message: @Sendable () -> Message = {
            asked.add(1)
            return .text("ping")
        }
        let sockets = FakeSockets { _, socket in
            socket.onSend = { if $0 == .text("stuck") { try await Task.sleep(for: .seconds(3_600)) } }
        }
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let options = SocketOptions(
            ping: Ping(every: .milliseconds(300), within: .milliseconds(50), message: message()),
            onMigrate: { _ in for await _ in release { return } })
        let socket = try link.socket(options: options, using: sockets)
        try await until { socket.state == .open }
        let stuck = Task { try await socket.send(.text("stuck")) }
        try await until { asked.count >= 1 }
        let waiting = Task { try await socket.send(.text("waiting")) }
        try await until { asked.count >= 6 }
        XCTAssertEqual(socket.locked.withLock { $0.senders.count }, 2, "one ping is enough")
        released.yield()
        try await until { sockets.all.count == 2 && !sockets.all[1].sent.isEmpty }
        XCTAssertEqual(sockets.all[1].sent.first, .text("waiting"), "the new connection was not asked yet")
        let sent = try await [stuck.value, waiting.value]
        XCTAssertEqual(sent, [true, true])
        link.stop()
    }
}
