import Foundation
import Steadfast
import XCTest

/// What becomes of checks against real servers.
final class URLSessionTransportTests: XCTestCase {
    private static let transport = URLSessionTransport()

    private static func check(_ url: String, timeout: Duration = .seconds(2), _ change: (inout Check) -> Void = { _ in }) async throws -> Outcome {
        var check = Config(endpoints: []).check
        change(&check)
        let endpoint = Endpoint(name: "e", connect: "ws://unused.invalid/", health: HealthCheck(url: url, check: check))
        return try await transport.check(endpoint, timeout: timeout)
    }

    func testAnAnswerCarriesStatusHeadersAndWhatIsNeededOfTheBody() async throws {
        let testbed = try Testbed()
        let url = try XCTUnwrap(testbed.endpoints[0].health).url
        guard case .answer(let healthy) = try await Self.check(url, { $0.expectBody = "no such text" }) else { return XCTFail("no answer") }
        XCTAssertEqual(healthy.status, 200)
        XCTAssertFalse(healthy.headers.isEmpty)
        XCTAssertFalse(healthy.body.isEmpty)
        XCTAssertGreaterThan(healthy.latency, .zero)
        try await testbed.fault("primary", "\"maintenance\"")
        guard case .answer(let down) = try await Self.check(url) else { return XCTFail("no answer") }
        XCTAssertEqual(down.status, 503)
        XCTAssertTrue(down.headers.contains { $0.name.lowercased() == "retry-after" }, "\(down.headers)")
    }

    func testFailuresAreToldApartByType() async throws {
        let testbed = try Testbed()
        let url = try XCTUnwrap(testbed.endpoints[0].health).url
        let nameless = try await Self.check("http://nowhere.invalid/")
        XCTAssertEqual(nameless, .failure(.dns))
        let noTLS = try await Self.check(url.replacingOccurrences(of: "http:", with: "https:"))
        #if canImport(Darwin)
            XCTAssertEqual(noTLS, .failure(.tls))
        #else
            // Foundation does not tell there.
            XCTAssertEqual(noTLS, .failure(.unexpected))
        #endif
        try await testbed.fault("primary", "\"kill\"")
        // The first may still try the connection that was kept open, and find it cut off.
        _ = try await Self.check(url)
        let killed = try await Self.check(url)
        XCTAssertEqual(killed, .failure(.refused))
        let tcp = try await Self.check("tcp://127.0.0.1:1")
        XCTAssertEqual(tcp, .failure(.unexpected))
    }

    func testACancelledCheckEndsAtOnce() async throws {
        let testbed = try Testbed()
        try await testbed.fault("primary", "\"hang\"")
        let url = try XCTUnwrap(testbed.endpoints[0].health).url
        let started = ContinuousClock.now
        let checking = Task { try await URLSessionTransportTests.check(url, timeout: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(100))
        checking.cancel()
        _ = try await checking.value
        XCTAssertLessThan(started.duration(to: .now), .seconds(30))
    }
}
