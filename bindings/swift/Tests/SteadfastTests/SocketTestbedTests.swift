import Foundation
import Steadfast
import XCTest

/// Sockets to real servers that misbehave on command.
final class SocketTestbedTests: XCTestCase {
    func testMessagesGoThereAndBackOverTwoPaths() async throws {
        let testbed = try Testbed()
        let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
        let sockets = try ["?room=1", "?room=2"].map { try link.socket($0, using: PlainSocketConnector()) }
        for socket in sockets {
            var messages = socket.messages.makeAsyncIterator()
            let greeting = await messages.next()
            XCTAssertEqual(greeting, .text("primary"))
            let long = Message.binary(Data(repeating: 7, count: 100_000))
            for message in [.text("é"), .text(String(repeating: "a", count: 1_000)), long] {
                try await socket.send(message)
                let echo = await messages.next()
                XCTAssertEqual(echo, message)
            }
        }
        let elsewhere = try link.socket("/nothing", using: PlainSocketConnector())
        var refused: Int?
        for await event in elsewhere.events {
            guard case .lost(_, _, _, let error) = event else { continue }
            refused = (error as? UpgradeRefused)?.status
            break
        }
        XCTAssertEqual(refused, 404)
        link.stop()
    }

    func testWhatIsSentThroughAFaultArrivesOnceAndInItsOrder() async throws {
        let testbed = try Testbed()
        for fault in ["\"kill\"", "\"hang\"", #"{"close":1012}"#] {
            for endpoint in testbed.endpoints { try await testbed.fault(endpoint.name, "\"healthy\"") }
            let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
            let socket = try link.socket(using: PlainSocketConnector())
            let (messages, events) = (Collector(socket.messages), Collector(socket.events))
            try await until { link.snapshot.endpoints.allSatisfy { $0.health == .healthy } && socket.state == .open }
            try await testbed.fault("primary", fault)
            var handed: [Bool] = []
            for number in 0..<200 {
                handed.append(try await socket.send(.text("\(number)")))
                try await Task.sleep(for: .milliseconds(5))
            }
            try await until { socket.endpoint?.name == "secondary" }
            try await socket.send(.text("200"))
            try await until { messages.all.last == .text("200") }
            let echoes = messages.all.compactMap { Int($0.asText) }
            XCTAssertEqual(echoes, Array(Set(echoes)).sorted(), "\(fault): in order, each once")
            for (number, wasHanded) in handed.enumerated() where !wasHanded {
                XCTAssertTrue(echoes.contains(number), "\(fault): \(number) had waited")
            }
            XCTAssertTrue(events.all.contains { $0.told.hasPrefix("moved") || $0.told == "opened secondary" })
            link.stop()
            try await link.run()
        }
    }

    func testACloseCodeOfTheServerStopsIt() async throws {
        let testbed = try Testbed()
        let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
        let socket = try link.socket(using: PlainSocketConnector())
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        try await testbed.fault("primary", #"{"close":4401}"#)
        try await until { socket.state == .closed && events.hasEnded }
        XCTAssertEqual(events.all.suffix(2).map(\.told), ["lost primary 4401", "stopped 4401"])
        link.stop()
    }

    func testASlowReaderBlamesNobodyAndLosesNothing() async throws {
        let testbed = try Testbed()
        let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
        let told = Collector(link.events)
        let socket = try link.socket(using: PlainSocketConnector())
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        // Echoes of 64 MB: more than is kept here, and than the kernels keep.
        let text = String(repeating: "x", count: 64_000)
        let sent = Counter()
        let sending = Task {
            for number in 0..<1_000 {
                try await socket.send(.text("\(number) \(text)"))
                sent.add(1)
            }
        }
        try await Task.sleep(for: .seconds(2))
        let before = sent.count
        try await Task.sleep(for: .seconds(4))
        XCTAssertEqual(sent.count, before, "nothing is read, and then nothing can be sent either")
        XCTAssertLessThan(before, 1_000)
        var messages = socket.messages.makeAsyncIterator()
        let greeting = await messages.next()
        XCTAssertEqual(greeting, .text("primary"))
        for number in 0..<1_000 {
            let echo = await messages.next()
            XCTAssertEqual(echo?.asText.prefix { $0 != " " }, "\(number)")
        }
        try await sending.value
        XCTAssertFalse(told.all.contains { event in
            switch event {
            case .switched, .allDown, .offline: true
            case .check(let report): report.failure != nil
            default: false
            }
        })
        XCTAssertFalse(events.all.contains { $0.told.hasPrefix("lost") })
        link.stop()
    }

    #if os(Linux)
        func testAThousandConnectionsLeaveNothingBehind() async throws {
            func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
            func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
            let testbed = try Testbed()
            let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
            var before = (open: 0, threads: 0)
            for round in 0..<1_000 {
                if round == 100 { before = (try open(), try threads()) }
                let socket = try link.socket(using: PlainSocketConnector())
                var messages = socket.messages.makeAsyncIterator()
                _ = await messages.next()
                try socket.close()
            }
            for _ in 0..<300 where try open() > before.open { try await Task.sleep(for: .milliseconds(10)) }
            let left = (open: try open() - before.open, threads: try threads() - before.threads)
            print("Swift: 1,000 connections opened and closed: \(left.open) descriptors and \(left.threads) threads more")
            XCTAssertLessThanOrEqual(left.open, 2)
            link.stop()
        }
    #endif
}
