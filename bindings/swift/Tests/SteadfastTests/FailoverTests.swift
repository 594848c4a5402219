import Foundation
import Steadfast
import XCTest

/// Real sockets, and servers that fail in each way. The times are printed and not asserted: a busy machine must not fail a test.
final class FailoverTests: XCTestCase {
    func testAnAppsMessagesComeFromTheOtherServerAfterEachFault() async throws {
        let testbed = try Testbed()
        print("\nSwift: from the fault to a message of the other server, in seconds, median of three")
        for (fault, mark) in [("\"kill\"", 1.0), ("\"hang\"", 4.0), (#"{"status":503}"#, 2.5), (#"{"slow":4000}"#, 15.0)] {
            var seconds: [Double] = []
            for run in 0..<3 { seconds.append(try await failover(testbed, fault, run)) }
            let shown = seconds.map { String(format: "%.2f", $0) }.joined(separator: " ")
            print("  \(fault): \(String(format: "%.2f", seconds.sorted()[1]))   (mark \(mark); median of \(shown))")
        }
    }

    private func failover(_ testbed: Testbed, _ fault: String, _ run: Int) async throws -> Double {
        for endpoint in testbed.endpoints { try await testbed.fault(endpoint.name, "\"healthy\"") }
        let link = try Steadfast.start(Config(endpoints: testbed.endpoints))
        var messages = try link.socket(using: PlainSocketConnector()).messages.makeAsyncIterator()
        let patience = Task {
            try await Task.sleep(for: .seconds(60))
            link.stop()
        }
        defer { patience.cancel() }
        let first = await messages.next()
        XCTAssertEqual(first, .text("primary"))
        // Both are known to be healthy, and the fault strikes at another moment between two checks each time.
        while !link.snapshot.endpoints.allSatisfy({ $0.health == .healthy }) { try await Task.sleep(for: .milliseconds(10)) }
        for await event in link.events {
            if case .check(let report) = event, report.endpoint == "primary" { break }
        }
        try await Task.sleep(for: .milliseconds(500 + 1_000 * run))
        let broken = ContinuousClock.now
        try await testbed.fault("primary", fault)
        let greeting = await messages.next()
        XCTAssertEqual(greeting, .text("secondary"))
        let elapsed = broken.duration(to: .now)
        link.stop()
        try await link.run()
        return Double(elapsed.wholeMilliseconds) / 1_000
    }
}
