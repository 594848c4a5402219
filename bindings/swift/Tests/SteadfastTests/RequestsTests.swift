import Foundation
import Steadfast
import XCTest

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The app's own requests, and what is kept from one start to the next, with real servers.
final class RequestsTests: XCTestCase {
    func testRequestsGoToTheActiveEndpointAndOnceMoreElsewhere() async throws {
        let testbed = try Testbed()
        let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
        try await until { link.snapshot.endpoints.allSatisfy { $0.health == .healthy } }
        let url = try XCTUnwrap(URL(string: "https://any.invalid/_ping"))
        let get = URLRequest(url: url)
        var post = get
        post.httpMethod = "POST"
        let ports = link.snapshot.endpoints.map { URL(string: $0.connect)?.port }
        let first = try await link.data(for: get).1
        XCTAssertEqual(first.url?.port, ports[0])
        try link.isolate("primary")
        try await until { link.snapshot.endpoints[0].breaker == .isolated }
        let second = try await link.data(for: get).1
        XCTAssertEqual(second.url?.port, ports[1])
        let unsent = try await link.data(for: post).1
        XCTAssertEqual(unsent.url?.port, ports[1], "nothing was sent")
        try link.isolate("secondary")
        do {
            _ = try await link.data(for: post)
            XCTFail("all refuse")
        } catch let refused as CircuitOpenError {
            XCTAssertEqual("\(refused)", "the circuit breaker of primary is isolated")
        }
        for name in ["primary", "secondary"] { try link.release(name) }
        try await until { link.snapshot.endpoints.allSatisfy { $0.breaker == .closed } }
        try await testbed.fault("primary", #"{"status":503}"#)
        let (failed, repeated) = (try await link.data(for: post).1, try await link.data(for: get).1)
        XCTAssertEqual([failed.statusCode, repeated.statusCode], [503, 200])
        try await testbed.fault("primary", "\"kill\"")
        let refused = try await link.data(for: post).1
        XCTAssertEqual(refused.statusCode, 200, "no connection came about, so nothing was sent")
        link.stop()
    }

    func testATimeoutIsAFailureAndAMistakeOfTheAppsCountsForNothing() async throws {
        let testbed = try Testbed()
        // Its health check goes elsewhere: only requests meet the fault.
        let primary = Endpoint(name: "primary", connect: testbed.endpoints[0].connect, health: testbed.endpoints[1].health)
        var config = Config(endpoints: [primary])
        (config.breaker.failures, config.breaker.open, config.breaker.openMax) = (1, .milliseconds(10), .milliseconds(10))
        let link = try Steadfast.start(config)
        try await testbed.fault("primary", "\"hang\"")
        try link.tryAcquire().failure()
        try await Task.sleep(for: .milliseconds(50))
        var get = URLRequest(url: try XCTUnwrap(URL(string: "https://any.invalid/_ping")))
        get.url = nil
        // More than a half-open breaker lets through at a time.
        for _ in 0..<4 {
            do {
                _ = try await link.data(for: get)
                XCTFail("it has no URL")
            } catch let error as URLError {
                XCTAssertEqual(error.code, .badURL)
            }
            XCTAssertThrowsError(try link.tryAcquire(excluding: "tertiary"))
        }
        XCTAssertEqual(link.snapshot.endpoints[0].breaker, .open, "no permit was taken")
        get.url = URL(string: "https://any.invalid/_ping")
        get.timeoutInterval = 1
        do {
            _ = try await link.data(for: get)
            XCTFail("it hangs")
        } catch let error as URLError {
            XCTAssertEqual(error.code, .timedOut)
        }
        XCTAssertEqual(link.snapshot.endpoints[0].breaker, .open)
        let origin = try XCTUnwrap(URL(string: link.snapshot.endpoints[0].origin))
        XCTAssertEqual([origin.scheme, origin.port.map(String.init)], ["http", URL(string: primary.connect)?.port.map(String.init)])
        link.stop()
    }

    func testARequestThatIsGivenUpFreesItsTrialAndCountsForNothing() async throws {
        let testbed = try Testbed()
        // Its health check goes elsewhere: only requests meet the fault.
        let primary = Endpoint(name: "primary", connect: testbed.endpoints[0].connect, health: testbed.endpoints[1].health)
        var config = Config(endpoints: [primary])
        (config.breaker.failures, config.breaker.open, config.breaker.openMax) = (1, .milliseconds(10), .milliseconds(10))
        let link = try Steadfast.start(config)
        try await testbed.fault("primary", "\"hang\"")
        try link.tryAcquire().failure()
        var post = URLRequest(url: try XCTUnwrap(URL(string: "https://any.invalid/_ping")))
        post.httpMethod = "POST"
        // One more than a half-open breaker lets through at a time.
        for _ in 0..<4 {
            try await Task.sleep(for: .milliseconds(50))
            let asking = Task { [post] in try await link.data(for: post) }
            try await Task.sleep(for: .milliseconds(50))
            asking.cancel()
            if case .failure(let refused as CircuitOpenError) = await asking.result { XCTFail("\(refused)") }
        }
        try await until { link.snapshot.endpoints[0].breaker == .halfOpen }
        let permit = try link.tryAcquire()
        permit.release()
        permit.failure()
        try await Task.sleep(for: .milliseconds(50))
        XCTAssertEqual(link.snapshot.endpoints[0].breaker, .halfOpen, "only the first report counts")
        link.stop()
    }

    func testItOpensExplainsAndReports() async throws {
        let testbed = try Testbed()
        let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
        try await until { link.snapshot.endpoints.allSatisfy { $0.health == .healthy } }
        for _ in 0..<5 { try link.tryAcquire().failure() }
        try await until { link.snapshot.endpoints[0].breaker == .open }
        XCTAssertThrowsError(try link.tryAcquire())
        XCTAssertEqual(try link.tryAcquire(excluding: "primary").endpoint, "secondary")
        try await testbed.fault("primary", #"{"status":500}"#)
        try await until { link.active.name == "secondary" }
        let why = try link.explain("primary")
        XCTAssertTrue(why.text.contains("found unhealthy") && why.suspicion >= why.level && !why.evidence.isEmpty, why.text)
        XCTAssertThrowsError(try link.explain("tertiary"))
        let report = link.report()
        XCTAssertEqual(report.switches, 1)
        XCTAssertTrue(report.endpoints[0].failed > 0 && report.endpoints[1].uptimePercent == 100, "\(report)")
        link.stop()
    }

    func testARestartBeginsWithTheLastGoodEndpoint() async throws {
        let testbed = try Testbed()
        let store = MemoryStore()
        var config = Config(endpoints: testbed.endpoints)
        config.strategy = .sticky
        let first = try Steadfast.start(config, store: store)
        try first.prefer("secondary")
        try await until { first.active.name == "secondary" && store.load() != nil }
        first.stop()
        try? await first.run()
        let state = try XCTUnwrap(store.load())
        XCTAssertTrue(state.utf8.count < 4096 && !state.contains("127.0.0.1"), state)
        XCTAssertEqual(try Steadfast.start(config, store: store).active.name, "secondary")
        for broken in ["{", "[]", #"{"steadfast":99}"#] {
            let store = MemoryStore()
            store.save(broken)
            XCTAssertEqual(try Steadfast.start(config, store: store).active.name, "primary", broken)
        }
    }

    private func until(_ holds: () -> Bool) async throws {
        for _ in 0..<4_000 where !holds() { try await Task.sleep(for: .milliseconds(5)) }
        XCTAssertTrue(holds())
    }
}

private final class MemoryStore: StateStore, @unchecked Sendable {
    private let lock = NSLock()
    private var state: String?

    func load() -> String? { lock.withLock { state } }
    func save(_ state: String) { lock.withLock { self.state = state } }
}
