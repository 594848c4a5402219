import Foundation
import XCTest

@testable import Steadfast

/// What waits for a connection, and in which order it leaves.
final class SocketQueueTests: XCTestCase {
    private typealias JSON = [String: Any]

    private func number(_ object: JSON, _ name: String) -> Int? { (object[name] as? NSNumber)?.intValue }

    func testItDoesWhatTheVectorsOfAllLanguagesSay() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../../tests/vectors/queue.json").standardized
        let vectors = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? JSON)
        let cases = try XCTUnwrap(vectors["cases"] as? [JSON])
        XCTAssertGreaterThanOrEqual(cases.count, 8)
        for vector in cases {
            let limits = vector["limits"] as? JSON ?? [:]
            let whenFull: [String: WhenFull] = ["dropNewest": .dropNewest, "dropOldest": .dropOldest, "throw": .refuse]
            var queue = SendQueue(
                QueueLimits(
                    messages: number(limits, "messages"), bytes: number(limits, "bytes") ?? QueueLimits().bytes,
                    whenFull: (limits["whenFull"] as? String).flatMap { whenFull[$0] }))
            // The messages hold nothing that tells them apart: their numbers are kept beside them.
            var numbers: [Int] = []
            var next = 0
            for (step, expected) in zip(vector["steps"] as? [JSON] ?? [], vector["expect"] as? [JSON] ?? []) {
                var (dropped, handed, refused) = ([Int](), [Int](), false)
                switch step["do"] as? String {
                case "add":
                    let before = queue.count
                    do {
                        let lost = try queue.offer(.binary(Data(count: number(step, "bytes") ?? 0)))
                        if queue.count == before, lost == 1, numbers.isEmpty || queue.count == numbers.count, !isOldestLost(limits, step) {
                            dropped = [next]
                        } else {
                            dropped = Array(numbers.prefix(lost))
                            numbers = numbers.dropFirst(lost) + [next]
                        }
                    } catch {
                        refused = true
                    }
                    next += 1
                case "flush":
                    for _ in 0..<(number(step, "takes") ?? 0) where queue.popFirst() != nil { handed.append(numbers.removeFirst()) }
                default:
                    XCTAssertEqual(queue.removeAll().count, numbers.count)
                    (handed, numbers) = (numbers, [])
                }
                let place = "\(vector["name"] ?? ""): after \(step)"
                XCTAssertEqual(dropped, expected["dropped"] as? [Int] ?? [], place)
                XCTAssertEqual(handed, expected["handed"] as? [Int] ?? [], place)
                XCTAssertEqual(refused, expected["refused"] as? Bool ?? false, place)
                XCTAssertEqual(queue.count, number(expected, "messages"), place)
                XCTAssertEqual(queue.bytes, number(expected, "bytes"), place)
            }
        }
    }

    /// Whether what is lost for this message is another one.
    private func isOldestLost(_ limits: JSON, _ step: JSON) -> Bool {
        limits["whenFull"] as? String == "dropOldest" && number(limits, "messages") != 0
            && (number(step, "bytes") ?? 0) <= number(limits, "bytes") ?? .max
    }

    func testWhatIsSentBeforeAConnectionOpensGoesOutFirstInItsOrder() async throws {
        let (release, released) = AsyncStream.makeStream(of: Void.self)
        let sockets = FakeSockets { _, _ in for await _ in release { return } }
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let socket = try link.socket(using: sockets)
        let (events, states) = (Collector(socket.events), Collector(socket.states))
        for number in 0..<100 {
            let sent = try await socket.send(.text("\(number)"))
            XCTAssertFalse(sent)
        }
        try await until { events.all.contains { $0.told == "queue 100 190 0" } }
        released.yield()
        try await until { socket.state == .open }
        XCTAssertEqual(sockets.all[0].sent.map(\.asText), (0..<100).map(String.init), "before it is open")
        try await socket.send(.text("100"))
        XCTAssertEqual(sockets.all[0].sent.last, .text("100"))
        try await until { events.all.last?.told == "opened a" }
        XCTAssertEqual(events.all.dropLast().last?.told, "queue 0 0 0")
        XCTAssertEqual(states.all, [.connecting, .open])
        link.stop()
    }

    func testAFullQueueRefusesOrDrops() async throws {
        let never = FakeSockets { _, _ in try await Task.sleep(for: .seconds(3_600)) }
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let strict = try link.socket(options: SocketOptions(queue: QueueLimits(messages: 2, whenFull: .refuse)), using: never)
        for text in ["1", "2"] { try await strict.send(.text(text)) }
        await assertThrows(SteadfastError.queueFull) { try await strict.send(.text("3")) }
        let fresh = try link.socket(options: SocketOptions(queue: QueueLimits(messages: 2, whenFull: .dropOldest)), using: never)
        let events = Collector(fresh.events)
        for text in ["1", "2", "3"] { try await fresh.send(.text(text)) }
        try await until { events.all.contains { if case .queue(2, 2, _) = $0 { true } else { false } } }
        try fresh.close()
        XCTAssertEqual(fresh.takeUnsent(), [.text("2"), .text("3")])
        XCTAssertEqual(fresh.takeUnsent(), [])
        try await until { events.hasEnded }
        let dropped = events.all.reduce(0) { if case .queue(_, _, let dropped) = $1 { $0 + dropped } else { $0 } }
        XCTAssertEqual(dropped, 1)
        link.stop()
    }

    func testASendWaitsForTheConnectionAndCanBeGivenUp() async throws {
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let sockets = FakeSockets { _, socket in
            socket.onSend = { _ in for await _ in gate { return } }
        }
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let socket = try link.socket(using: sockets)
        try await until { socket.state == .open }
        let first = Task { try await socket.send(.text("1")) }
        try await Task.sleep(for: .milliseconds(30))
        let second = Task { try await socket.send(.text("2")) }
        let third = Task { try await socket.send(.text("3")) }
        try await Task.sleep(for: .milliseconds(30))
        XCTAssertEqual(sockets.all[0].sent, [], "the connection has no room")
        second.cancel()
        await assertThrowsCancellation { try await second.value }
        opened.yield()
        let taken = try await first.value
        XCTAssertTrue(taken)
        // What the connection has begun to take counts as sent; what has not begun waits.
        try socket.close()
        await assertThrowsOrTrue { try await third.value }
        XCTAssertFalse(sockets.all[0].sent.contains(.text("2")))
        link.stop()
    }

    /// Four tasks send, connections break at any moment or refuse: each task's order is kept, nothing is sent twice, and whatever was not sent is
    /// given back.
    func testWhateverHappensOrderIsKeptAndNothingIsSentTwice() async throws {
        var connections = 0
        for seed in 1...8 {
            let random = Locked(SplitMix(state: UInt64(seed)))
            let draw: @Sendable (UInt64) -> UInt64 = { below in random.withLock { $0.next() % below } }
            let sockets = FakeSockets { _, socket in
                if draw(4) == 0 { throw Broken(description: "refused") }
                socket.onSend = { [weak socket] _ in
                    if draw(3) == 0 { try await Task.sleep(for: .milliseconds(1)) }
                    if draw(40) == 0 {
                        socket?.end(draw(2) == 0 ? WebSocketClosed(code: 4000) : Broken(description: "cut off"))
                        throw Broken(description: "cut off")
                    }
                }
            }
            var quick = config
            (quick.retry.initial, quick.retry.max) = (.milliseconds(10), .milliseconds(10))
            let link = try Steadfast.start(quick, transport: Scripted { _ in ok })
            let socket = try link.socket(using: sockets)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<4 {
                    group.addTask {
                        for number in 0..<100 {
                            try await socket.send(.text("\(lane) \(number)"))
                            if draw(4) == 0 { try await Task.sleep(for: .milliseconds(1)) }
                            if draw(100) == 0 { socket.reconnect() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await Task.sleep(for: .milliseconds(Int(draw(20))))
            try socket.close()
            connections += sockets.all.count
            let unsent = socket.takeUnsent().map(\.asText)
            // What was given to a connection, whether or not it arrived. A writer may have taken a message, and not come to send it yet.
            for _ in 0..<400 where sockets.all.reduce(0, { $0 + $1.offered.count }) + unsent.count < 400 { try await Task.sleep(for: .milliseconds(5)) }
            let sent = sockets.all.map { $0.offered.map(\.asText) }
            for lane in 0..<4 {
                let own: ([String]) -> [Int] = { $0.filter { $0.hasPrefix("\(lane) ") }.compactMap { Int($0.dropFirst(2)) } }
                let all = sent.flatMap(own) + own(unsent)
                XCTAssertEqual(all, Array(0..<100), "seed \(seed), task \(lane): all, in order, each once")
            }
            link.stop()
        }
        XCTAssertGreaterThan(connections, 8 * 3)
        print("Swift: 3,200 messages over \(connections) connections that broke at random: order kept, nothing twice, nothing lost in the queue")
    }
}

/// A small generator of random numbers (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension XCTestCase {
    fileprivate func assertThrowsCancellation(_ work: () async throws -> Any) async {
        do {
            _ = try await work()
            XCTFail("nothing was thrown")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
    }

    fileprivate func assertThrowsOrTrue(_ work: () async throws -> Bool) async {
        do {
            let sent = try await work()
            XCTAssertTrue(sent)
        } catch {
            XCTAssertEqual(error as? SteadfastError, .socketClosed)
        }
    }
}
