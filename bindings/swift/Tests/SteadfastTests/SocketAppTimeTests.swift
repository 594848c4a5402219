import Foundation
import XCTest

@testable import Steadfast

/// The app's own functions have their time, and no server is blamed for what they take.
final class SocketAppTimeTests: XCTestCase {
    /// With and without checks; a connection has a second, and so have the app's functions.
    private var configs: [Config] {
        [config, unchecked].map { config in
            var quick = config
            quick.connectTimeout = .seconds(1)
            (quick.retry.initial, quick.retry.max) = (.milliseconds(20), .milliseconds(20))
            return quick
        }
    }

    private func link(_ config: Config) throws -> Steadfast { try Steadfast.start(config, transport: Scripted { _ in ok }) }

    private func assertBlamesNobody(_ link: Steadfast, line: UInt = #line) {
        XCTAssertEqual(link.active.name, "a", line: line)
        XCTAssertEqual(link.snapshot.endpoints.map(\.failures), [0, 0], line: line)
    }

    private func errors(_ events: Collector<SocketEvent>) -> Set<String> {
        Set(events.all.compactMap { if case .lost(_, nil, _, let error?) = $0 { "\(error)" } else { nil } })
    }

    func testAFunctionThatHangsBlamesNoServerAndIsAskedAgain() async throws {
        for config in configs {
            let (asked, cancelled) = (Counter(), Counter())
            let path = Provided<String>.perConnection {
                asked.add(1)
                do { try await Task.sleep(for: .seconds(3_600)) } catch { cancelled.add(1) }
                throw CancellationError()
            }
            let (sockets, link) = (FakeSockets(), try link(config))
            let (socket, began) = (try link.socket(path, using: sockets), ContinuousClock.now)
            let events = Collector(socket.events)
            try await until { asked.count >= 3 }
            XCTAssertGreaterThan(began.duration(to: .now), .milliseconds(1_900), "each time it has the whole of its time")
            assertBlamesNobody(link)
            try await until { cancelled.count >= 2 }
            XCTAssertEqual(errors(events), ["the app's own function for the path, the protocols or the headers took too long"])
            XCTAssertEqual(sockets.requests, [])
            link.stop()
        }
    }

    func testAFunctionThatReturnsTooLateOpensNothing() async throws {
        for config in configs {
            let (asked, returned) = (Counter(), Counter())
            let options = SocketOptions(protocols: .perConnection {
                asked.add(1)
                // It does not care that it is cancelled.
                await Task.detached { try? await Task.sleep(for: .milliseconds(1_500)) }.value
                returned.add(1)
                return []
            })
            let (sockets, link) = (FakeSockets(), try link(config))
            let socket = try link.socket(options: options, using: sockets)
            try await until { asked.count >= 2 && returned.count >= 1 }
            try await Task.sleep(for: .milliseconds(50))
            XCTAssertEqual(sockets.requests, [])
            XCTAssertEqual(socket.state, .connecting)
            assertBlamesNobody(link)
            link.stop()
        }
    }

    func testASlowFunctionOpensItsConnection() async throws {
        let asked = Counter()
        let options = SocketOptions(
            headers: .perConnection {
                asked.add(1)
                try await Task.sleep(for: .milliseconds(1_500))
                return [Header(name: "x", value: "y")]
            },
            onMigrate: { _ in try await Task.sleep(for: .milliseconds(1_500)) })
        let (sockets, link) = (FakeSockets(), try link(unchecked))
        let socket = try link.socket(options: options, using: sockets)
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        XCTAssertEqual(asked.count, 1)
        socket.reconnect()
        try await until { events.all.contains { $0.told == "moved a a" } }
        XCTAssertEqual(events.all.map(\.told), ["opened a", "moved a a"])
        XCTAssertEqual([asked.count, sockets.all.count], [2, 2])
        assertBlamesNobody(link)
        link.stop()
    }

    func testAHookThatHangsLeavesTheOldConnectionAndBlamesNobody() async throws {
        for config in configs {
            let (begun, cancelled) = (Counter(), Counter())
            let options = SocketOptions(onMigrate: { _ in
                begun.add(1)
                do { try await Task.sleep(for: .seconds(3_600)) } catch { cancelled.add(1) }
            })
            let (sockets, link) = (FakeSockets(), try link(config))
            let socket = try link.socket(options: options, using: sockets)
            let events = Collector(socket.events)
            try await until { socket.state == .open }
            socket.reconnect()
            try await until { begun.count == 1 }
            let began = ContinuousClock.now
            try await until { cancelled.count == 1 }
            XCTAssertGreaterThan(began.duration(to: .now), .milliseconds(900), "it has the whole of its time")
            try await until { !sockets.all[1].closedWith.isEmpty }
            XCTAssertEqual(sockets.all[0].closedWith, [])
            XCTAssertEqual(socket.state, .open)
            try await until { events.all.count > 1 }
            XCTAssertEqual(events.all.map(\.told), ["opened a", "move failed a: the app's own onMigrate took too long"])
            assertBlamesNobody(link)
            link.stop()
        }
    }

    func testAMoveThatFailsByTheAppsOwnDoingIsTold() async throws {
        let late: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(3_600)) }
        let failing: @Sendable () async throws -> Void = { throw Broken(description: "not now") }
        let provider = "the app's own function for the path, the protocols or the headers took too long"
        for (fault, hook, provided) in [(late, "the app's own onMigrate took too long", provider), (failing, "not now", "not now")] {
            let asked = Counter()
            let headers = Provided<[Header]>.perConnection {
                asked.add(1)
                // The first connection opens.
                if asked.count > 1 { try await fault() }
                return []
            }
            for (options, error) in [(SocketOptions(onMigrate: { _ in try await fault() }), hook), (SocketOptions(headers: headers), provided)] {
                let link = try link(configs[0])
                let socket = try link.socket(options: options, using: FakeSockets())
                let events = Collector(socket.events)
                try await until { socket.state == .open }
                socket.reconnect()
                // There is one event for each attempt.
                try await until { events.all.count >= 3 }
                XCTAssertEqual(events.all.prefix(3).map(\.told), ["opened a"] + Array(repeating: "move failed a: \(error)", count: 2))
                XCTAssertEqual(socket.state, .open)
                assertBlamesNobody(link)
                link.stop()
            }
        }
    }

    func testAMoveThatFailsByTheServersDoingIsNotTold() async throws {
        for hangs in [true, false] {
            let attempts = Counter()
            let sockets = FakeSockets { _, _ in
                attempts.add(1)
                guard attempts.count > 1 else { return }
                if hangs { try await Task.sleep(for: .seconds(3_600)) }
                throw UpgradeRefused(status: 503)
            }
            let link = try link(configs[0])
            let socket = try link.socket(using: sockets)
            let events = Collector(socket.events)
            try await until { socket.state == .open }
            socket.reconnect()
            try await until { attempts.count >= 3 }
            XCTAssertEqual(events.all.map(\.told), ["opened a"])
            link.stop()
        }
    }

    func testALateHookIsToldOnceNoOtherConnectionIsLeft() async throws {
        let begun = Counter()
        let options = SocketOptions(onMigrate: { _ in
            begun.add(1)
            try await Task.sleep(for: .seconds(3_600))
        })
        let (sockets, link) = (FakeSockets(), try link(configs[0]))
        let socket = try link.socket(options: options, using: sockets)
        let events = Collector(socket.events)
        try await until { socket.state == .open }
        socket.reconnect()
        try await until { begun.count == 1 }
        sockets.all[0].end(WebSocketClosed(code: 1000))
        try await until { errors(events) == ["the app's own onMigrate took too long"] }
        try await until { sockets.all.count == 3 && socket.state == .open }
        assertBlamesNobody(link)
        link.stop()
    }

    func testAServerThatHangsIsToldAsWhatItIs() async throws {
        let link = try link(configs[0])
        let socket = try link.socket(using: FakeSockets { _, _ in try await Task.sleep(for: .seconds(3_600)) })
        let events = Collector(socket.events)
        try await until { errors(events) == ["the connection took too long"] }
        link.stop()
    }

    func testWhoIsRefusedBlamesNoServer() async throws {
        for status in [401, 403] {
            for config in configs {
                let link = try link(config)
                let events = Collector(link.events)
                let socket = try link.socket(using: FakeSockets { _, _ in throw UpgradeRefused(status: status) })
                try await until { socket.state == .closed }
                try await Task.sleep(for: .milliseconds(50))
                assertBlamesNobody(link)
                XCTAssertFalse(events.all.contains { if case .switched = $0 { true } else { false } }, "\(status)")
                link.stop()
            }
        }
        let reported = [401, 403, 404, 503].map { LegEnd(UpgradeRefused(status: $0), wasHeldBack: false).reported }
        XCTAssertEqual(reported, [4401, 4403, nil, nil])
        XCTAssertEqual(LegEnd(AppFault(error: CancellationError()), wasHeldBack: false).reported, 4000)
        // Another refusal is the server's, where nothing else shows whether it works.
        let link = try link(unchecked)
        let socket = try link.socket(using: FakeSockets { request, _ in
            if request.url.host == "a.example" { throw UpgradeRefused(status: 503) }
        })
        try await until { socket.endpoint?.name == "b" }
        link.stop()
    }
}
