import Foundation
import Steadfast
import XCTest

final class SteadfastTests: XCTestCase {
    func testEverythingWrongWithAConfigIsToldAtOnce() {
        var wrong = config
        wrong.endpoints[0].connect = "no url"
        wrong.endpoints[0].health?.url = "ws://a.example/"
        wrong.endpoints[1].priority = -1
        wrong.endpoints[1].weight = 5_000_000_000
        wrong.check.expectStatus = [.code(70_000)]
        wrong.check.timeout = .milliseconds(1)
        wrong.failureThreshold = 0
        XCTAssertThrowsError(try Steadfast.start(wrong)) { error in
            let paths = (error as? ConfigError)?.problems.map(\.path)
            let expected = [
                "endpoints[0].connect", "endpoints[0].health.url", "endpoints[1].priority", "endpoints[1].weight", "check.expectStatus[0]", "check.timeout",
                "failureThreshold",
            ]
            XCTAssertEqual(paths, expected, "\(error)")
            XCTAssertTrue("\(error)".contains("endpoints[1].priority: -1 is out of range, allowed: 0 to 1000"), "\(error)")
            XCTAssertTrue("\(error)".contains("failureThreshold: 0 is out of range, allowed: 1 to 100"), "\(error)")
        }
    }

    func testJSONThatIsNoneAndJSONThatIsWrongAreTold() {
        XCTAssertThrowsError(try Config(json: "{")) { XCTAssertTrue("\($0)".contains("not JSON"), "\($0)") }
        let misspelt = #"{ "endpoints": [], "chekc": {} }"#
        XCTAssertThrowsError(try JSONDecoder().decode(Config.self, from: Data(misspelt.utf8))) { error in
            XCTAssertEqual((error as? ConfigError)?.problems.count, 2, "\(error)")
            XCTAssertTrue("\(error)".contains("did you mean `check`?"), "\(error)")
        }
    }

    func testDurationsThatNoNumberHoldsAreTheMost() {
        XCTAssertEqual(Duration.seconds(-1).wholeMilliseconds, -1_000)
        XCTAssertEqual(Duration.seconds(Int64.max).wholeMilliseconds, .max)
        XCTAssertEqual(Duration.seconds(Int64.min).wholeMilliseconds, .min)
        XCTAssertEqual(Duration.milliseconds(1_500).wholeMilliseconds, 1_500)
    }

    func testATransportThatThrowsMakesFailedChecks() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in throw Broken(description: "mine") })
        let report = await link.checkNow()
        XCTAssertEqual(report?.failure, .unexpected)
        link.stop()
        try await link.run()
    }

    func testATransportThatNeverReturnsTimesOut() async throws {
        var quick = config
        (quick.check.timeout, quick.check.minTimeout) = (.milliseconds(50), .milliseconds(50))
        let cancelled = expectation(description: "the check is cancelled")
        cancelled.assertForOverFulfill = false
        let link = try Steadfast.start(quick, transport: Scripted { _ in
            do { try await Task.sleep(for: .seconds(3_600)) } catch { cancelled.fulfill() }
            throw CancellationError()
        })
        let report = await link.checkNow()
        XCTAssertEqual(report?.failure, .timeout)
        await fulfillment(of: [cancelled], timeout: 10)
        link.stop()
    }

    func testATransportThatReturnsTwiceIsHeardOnce() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in
            let (answers, answer) = AsyncStream.makeStream(of: Outcome.self)
            answer.yield(ok)
            answer.yield(.failure(.reset))
            for await first in answers { return first }
            throw CancellationError()
        })
        let report = await link.checkNow()
        XCTAssertEqual(report?.status, 200)
        link.stop()
    }

    func testATransportThatReturnsAfterTheStopDoesNoHarm() async throws {
        let asked = expectation(description: "the endpoint is asked")
        asked.assertForOverFulfill = false
        let link = try Steadfast.start(config, transport: Scripted { _ in
            asked.fulfill()
            // It does not care that it is cancelled.
            await Task.detached { try? await Task.sleep(for: .milliseconds(200)) }.value
            return ok
        })
        await fulfillment(of: [asked], timeout: 10)
        link.stop()
        try await link.run()
        XCTAssertEqual(link.snapshot.state, .stopped)
        try await Task.sleep(for: .milliseconds(400))
    }

    func testATransportWithoutATimerEndsTheWatchingWithAnError() async throws {
        let link = try Steadfast.start(config, transport: Scripted(timer: { _ in throw Broken(description: "no timers left") }) { _ in ok })
        do {
            try await link.run()
            XCTFail("it ended without an error")
        } catch {
            XCTAssertTrue("\(error)".contains("no timers left"), "\(error)")
        }
    }

    func testStreamsTellAndEnd() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let (events, active) = (link.events, link.activeEndpoints)
        while !link.snapshot.endpoints.allSatisfy({ $0.health == .healthy }) { try await Task.sleep(for: .milliseconds(10)) }
        try link.prefer("b")
        var names: [String] = []
        for await endpoint in active {
            names.append(endpoint.name)
            if names.count == 2 { link.stop() }
        }
        XCTAssertEqual(names, ["a", "b"])
        var last: Event?
        for await event in events { last = event }
        XCTAssertEqual(last, .stopped)
        let report = await link.checkNow()
        XCTAssertNil(report)
        XCTAssertThrowsError(try link.prefer("c"))
        XCTAssertThrowsError(try link.setEndpoints([]))
    }

    func testWhatOneCallChangesTheNextOneSees() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        _ = await link.checkNow()
        for round in 1...50 {
            let added = Endpoint(name: "new \(round)", connect: "ws://c.example/", health: HealthCheck(url: "http://c.example/"))
            try link.setEndpoints(config.endpoints + [added])
            try link.prefer(added.name)
            try link.beginMaintenance(of: added.name)
            XCTAssertEqual(link.snapshot.endpoints.last?.health, .maintenance)
        }
        link.stop()
    }

    func testAFailureThatTheAppReportsIsLookedIntoAtOnce() async throws {
        var calm = config
        calm.check.interval = .seconds(600)
        let link = try Steadfast.start(calm, transport: Scripted { _ in ok })
        _ = await link.checkNow()
        let events = link.events
        try link.reportFailure(of: "a")
        for await event in events {
            if case .check(let report) = event, report.endpoint == "a" { break }
        }
        XCTAssertThrowsError(try link.reportSuccess(of: "c"))
        link.stop()
    }

    func testACancelledTaskStopsTheWatching() async throws {
        let link = try Steadfast.start(config, transport: Scripted { _ in ok })
        let waiting = Task { try await link.run() }
        _ = await link.checkNow()
        waiting.cancel()
        try await waiting.value
        XCTAssertEqual(link.snapshot.state, .stopped)
    }

    func testALinkThatNobodyHoldsStops() async throws {
        var link: Steadfast? = try Steadfast.start(config, transport: Scripted { _ in ok })
        let events = try XCTUnwrap(link?.events)
        _ = await link?.checkNow()
        link = nil
        var last: Event?
        for await event in events { last = event }
        XCTAssertEqual(last, .stopped)
    }

    func testAThousandStartsAndStopsLeaveNothingBehind() async throws {
        let handlesBefore = uniffiForeignFutureHandleCountSteadfastFfi()
        let alive = Counter()
        for _ in 0..<1_000 {
            let transport = CountedTransport(alive)
            let link = try Steadfast.start(config, transport: transport)
            _ = await link.checkNow()
            link.stop()
            try await link.run()
        }
        // The last ones may still be on their way out.
        for _ in 0..<100 where alive.count > 0 || uniffiForeignFutureHandleCountSteadfastFfi() > handlesBefore {
            try await Task.sleep(for: .milliseconds(20))
        }
        let handles = uniffiForeignFutureHandleCountSteadfastFfi() - handlesBefore
        print("Swift: 1,000 starts and stops: \(handles) handles of the native side and \(alive.count) transports left")
        XCTAssertEqual(handles, 0)
        XCTAssertEqual(alive.count, 0)
    }
}

#if os(Linux)
    extension SteadfastTests {
        /// Each check is an async call in both directions; a leak of any of them shows in the process's memory.
        func testAHundredThousandChecksLeaveTheMemoryAsItWas() async throws {
            func residentKiB() throws -> Int {
                let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
                let line = try XCTUnwrap(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
                return try XCTUnwrap(Int(line.filter(\.isNumber)))
            }
            // `Task.sleep` is no good here: a cancelled one is kept by the system until its time has come.
            let untilCancelled: @Sendable (Duration) async throws -> Void = { _ in for await _ in AsyncStream<Void>.makeStream().stream {} }
            let link = try Steadfast.start(config, transport: Scripted(timer: untilCancelled) { _ in ok })
            for _ in 0..<2_000 { _ = await link.checkNow() }
            let before = try residentKiB()
            for _ in 0..<100_000 { _ = await link.checkNow() }
            let grown = try residentKiB() - before
            print("Swift: 100,000 checks: \(grown) KiB more memory")
            XCTAssertLessThan(grown, 4 * 1_024)
            link.stop()
        }
    }
#endif

/// A transport that is counted from `init` to `deinit`.
private final class CountedTransport: Transport {
    private let alive: Counter

    init(_ alive: Counter) {
        self.alive = alive
        alive.add(1)
    }

    deinit {
        alive.add(-1)
    }

    func check(_ endpoint: Endpoint, timeout: Duration) async throws -> Outcome {
        ok
    }
}
