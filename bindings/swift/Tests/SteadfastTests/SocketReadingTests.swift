import Foundation
import XCTest

@testable import Steadfast

/// What arrives, and who reads it.
final class SocketReadingTests: XCTestCase {
    private func link() throws -> Steadfast { try Steadfast.start(config, transport: Scripted { _ in ok }) }

    func testAReaderWhoIsCancelledLeavesTheRestToTheNext() async throws {
        let (sockets, link) = (FakeSockets(), try link())
        let socket = try link.socket(using: sockets)
        try await until { socket.state == .open }
        let read = Locked<[Int]>([])
        let (count, deadline) = (3_000, ContinuousClock.now + .seconds(20))
        let arriving = Task {
            for number in 0..<count {
                sockets.all[0].arrive("\(number)")
                if number % 5 == 0 { try await Task.sleep(for: .microseconds(200)) }
            }
        }
        var readers = 0
        while read.withLock({ $0.count }) < count, ContinuousClock.now < deadline {
            let messages = socket.messages
            let reader = Task {
                for await message in messages { read.withLock { $0.append(Int(message.asText) ?? -1) } }
            }
            try await Task.sleep(for: .microseconds(Int.random(in: 0...1_500)))
            reader.cancel()
            await reader.value
            readers += 1
        }
        try await arriving.value
        XCTAssertEqual(read.withLock { $0 }, Array(0..<count), "none is lost, and all are in order")
        XCTAssertGreaterThan(readers, 10)
        link.stop()
    }

    func testWhileNobodyReadsTheServerIsHeldBackAndNothingIsLost() async throws {
        let (sockets, link) = (FakeSockets(), try link())
        let socket = try link.socket(using: sockets)
        try await until { socket.state == .open }
        sockets.all[0].arrive("first")
        for await message in socket.messages {
            XCTAssertEqual(message, .text("first"))
            break
        }
        for number in 0..<600 { sockets.all[0].arrive("\(number)") }
        try await Task.sleep(for: .milliseconds(300))
        XCTAssertLessThan(sockets.all[0].received, 300, "it is not read on")
        let messages = Collector(socket.messages)
        try await until { messages.all.count == 600 }
        XCTAssertEqual(messages.all.map(\.asText), (0..<600).map(String.init))
        link.stop()
    }

    func testWhatHadArrivedIsReadAfterTheEnd() async throws {
        for isClosed in [true, false] {
            let sockets = FakeSockets { _, socket in
                socket.onClose = { socket, code in
                    socket.arrive("too late")
                    socket.end(WebSocketClosed(code: code))
                }
            }
            let link = try link()
            let socket = try link.socket(using: sockets)
            try await until { socket.state == .open }
            // More than are kept: one waits for a reader, and one for room.
            for number in 0..<300 { sockets.all[0].arrive("\(number)") }
            try await until { sockets.all[0].received == 258 }
            try await Task.sleep(for: .milliseconds(50))
            if isClosed { try socket.close() } else { link.stop() }
            try await until { socket.state == .closed }
            var read: [String] = []
            for await message in socket.messages { read.append(message.asText) }
            XCTAssertEqual(read, (0..<258).map(String.init))
            link.stop()
        }
    }

    func testASocketThatNobodyReadsToItsEndGoes() async throws {
        let (sockets, link) = (FakeSockets(), try link())
        weak var last: SteadfastSocket?
        var messages: AsyncStream<Message>?
        do {
            let socket = try link.socket(using: sockets)
            try await until { socket.state == .open }
            for number in 0..<300 { sockets.all[0].arrive("\(number)") }
            let reader = Task { for await message in socket.messages where message == .text("9") { break } }
            await reader.value
            try await until { sockets.all[0].received == 268 }
            (last, messages) = (socket, socket.messages)
            try socket.close()
        }
        sockets.forget()
        try await until { last == nil && sockets.alive.count == 0 }
        var read: [String] = []
        for await message in try XCTUnwrap(messages) { read.append(message.asText) }
        XCTAssertEqual(read, (10..<268).map(String.init), "a stream that is held brings what had arrived")
        messages = nil
        link.stop()
    }

    func testASlowReaderIsForgivenOnlyWhileItIsSlow() async throws {
        let (sockets, link) = (FakeSockets(), try link())
        let socket = try link.socket(using: sockets)
        try await until { socket.state == .open }
        let isHeldBack = { socket.locked.withLock { $0.phase.leg?.heard.isHeldBack(at: socket.setup.now) } }
        XCTAssertEqual(isHeldBack(), false)
        for number in 0..<300 { sockets.all[0].arrive("\(number)") }
        try await until { isHeldBack() == true }
        let messages = Collector(socket.messages)
        try await until { messages.all.count == 300 }
        sockets.all[0].arrive("300")
        try await until { messages.all.count == 301 }
        XCTAssertEqual(isHeldBack(), false)
        link.stop()
        var heard = Heard(since: 0)
        heard.holdBack(at: 100)
        XCTAssertTrue(heard.isHeldBack(at: 5_099))
        XCTAssertFalse(heard.isHeldBack(at: 5_100), "nothing has been read for long, and nobody was held back since")
    }
}
