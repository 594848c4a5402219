import Foundation
import Steadfast
import XCTest

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The app's own requests, and what is kept from one start to the next, with real servers.
final class RequestsTests: XCTestCase {
    private static let url = URL(string: "https://any.invalid/_ping")!

    func testRequestsGoToTheActiveEndpointAndOnceMoreElsewhere() async throws {
        let testbed = try Testbed()
        let link = try Steadfast.start(Config(endpoints: testbed.checkedElsewhere))
        try await until { link.snapshot.endpoints.allSatisfy { $0.health == .healthy } }
        let get = URLRequest(url: Self.url)
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
        try await testbed.end("primary")
        XCTAssertEqual(link.active.name, "primary")
        // What is written to a connection of before may have arrived.
        let refused = try await link.data(for: post, using: URLSession(configuration: .ephemeral)).1
        XCTAssertEqual(refused.url?.port, ports[1], "no connection came about, so nothing was sent")
        XCTAssertEqual(refused.statusCode, 200)
        link.stop()
    }

    func testATimeoutIsAFailureAndAMistakeOfTheAppsCountsForNothing() async throws {
        let testbed = try Testbed()
        let link = try hasty(testbed.checkedElsewhere)
        try await until { link.snapshot.endpoints.allSatisfy { $0.health == .healthy } }
        try await testbed.fault("primary", "\"hang\"")
        try link.tryAcquire().failure()
        try await Task.sleep(for: .milliseconds(50))
        var get = URLRequest(url: Self.url)
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
        get.url = Self.url
        get.timeoutInterval = 1
        XCTAssertEqual(link.active.name, "primary")
        do {
            _ = try await link.data(for: get)
            XCTFail("it was sent again")
        } catch let error as URLError {
            XCTAssertEqual(error.code, .timedOut)
        }
        XCTAssertEqual(link.snapshot.endpoints[0].breaker, .open)
        let origin = try XCTUnwrap(URL(string: link.snapshot.endpoints[0].origin))
        XCTAssertEqual([origin.scheme, origin.port.map(String.init)], ["http", URL(string: testbed.endpoints[0].connect)?.port.map(String.init)])
        link.stop()
    }

    func testARequestWithoutANetworkCountsForNothingAndIsNotSentAgain() async throws {
        let testbed = try Testbed()
        let link = try hasty(testbed.checkedElsewhere)
        try await until { link.snapshot.endpoints.allSatisfy { $0.health == .healthy } }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.protocolClasses = [FailingProtocol.self]
        let session = URLSession(configuration: configuration)
        var request = URLRequest(url: Self.url)
        request.setValue("\(URL(string: testbed.endpoints[0].connect)?.port ?? 0)", forHTTPHeaderField: FailingProtocol.port)
        let codes: [URLError.Code] = [.notConnectedToInternet, .dataNotAllowed, .internationalRoamingOff, .callIsActive]
        for (method, code) in ["GET", "POST"].flatMap({ method in codes.map { (method, $0) } }) {
            request.httpMethod = method
            request.setValue("\(code.rawValue)", forHTTPHeaderField: FailingProtocol.code)
            do {
                _ = try await link.data(for: request, using: session)
                XCTFail("it was sent again")
            } catch let error as URLError {
                XCTAssertEqual(error.code, code)
            }
            XCTAssertEqual(link.snapshot.endpoints[0].breaker, .closed, "\(method) \(code)")
        }
        request.httpMethod = "GET"
        request.setValue("\(URLError.networkConnectionLost.rawValue)", forHTTPHeaderField: FailingProtocol.code)
        let other = try await link.data(for: request, using: session).1
        XCTAssertEqual(other.url?.port, URL(string: testbed.endpoints[1].connect)?.port, "a failure of the server's is told apart")
        XCTAssertEqual(link.snapshot.endpoints[0].breaker, .open)
        link.stop()
    }

    func testARequestThatIsGivenUpFreesItsTrialAndCountsForNothing() async throws {
        let testbed = try Testbed()
        let link = try hasty([testbed.checkedElsewhere[0]])
        try await testbed.fault("primary", "\"hang\"")
        try link.tryAcquire().failure()
        var post = URLRequest(url: Self.url)
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

    /// A link whose circuit breakers open at one failure, and for a moment.
    private func hasty(_ endpoints: [Endpoint]) throws -> Steadfast {
        var config = Config(endpoints: endpoints)
        (config.breaker.failures, config.breaker.open, config.breaker.openMax) = (1, .milliseconds(10), .milliseconds(10))
        return try Steadfast.start(config)
    }
}

extension Testbed {
    /// The primary's health check goes to the secondary: only requests meet its faults, and the link stays with it.
    fileprivate var checkedElsewhere: [Endpoint] {
        [Endpoint(name: "primary", connect: endpoints[0].connect, health: endpoints[1].health), endpoints[1]]
    }
}

/// Fails the requests to one port with the code that they ask for, and answers all others.
private final class FailingProtocol: URLProtocol, @unchecked Sendable {
    static let port = "X-Port"
    static let code = "X-Code"

    override class func canInit(with request: URLRequest) -> Bool { true }
    override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }

    override func startLoading() {
        if request.url?.port == header(Self.port), let code = header(Self.code).flatMap({ URLError.Code(rawValue: $0) }) {
            client?.urlProtocol(self, didFailWithError: URLError(code))
        } else if let url = request.url, let answer = HTTPURLResponse(url: url, statusCode: 200, httpVersion: nil, headerFields: nil) {
            client?.urlProtocol(self, didReceive: answer, cacheStoragePolicy: .notAllowed)
            client?.urlProtocolDidFinishLoading(self)
        }
    }

    override func stopLoading() {}

    private func header(_ name: String) -> Int? { request.value(forHTTPHeaderField: name).flatMap(Int.init) }
}

private final class MemoryStore: StateStore, @unchecked Sendable {
    private let lock = NSLock()
    private var state: String?

    func load() -> String? { lock.withLock { state } }
    func save(_ state: String) { lock.withLock { self.state = state } }
}
