import Foundation
import Steadfast

/// Endpoints that nobody asks in truth.
var config: Config {
    Config(endpoints: [
        Endpoint(name: "a", connect: "wss://a.example/", health: HealthCheck(url: "https://a.example/")),
        Endpoint(name: "b", connect: "wss://b.example/", health: HealthCheck(url: "https://b.example/")),
    ])
}

/// Endpoints without checks: their connections are all that shows whether they work.
var unchecked: Config {
    Config(endpoints: [Endpoint(name: "a", connect: "wss://a.example/"), Endpoint(name: "b", connect: "wss://b.example/")])
}

let ok = Outcome.answer(Answer(status: 200, headers: [], body: Data(), latency: .milliseconds(1)))

/// A transport whose answers and timers the test gives.
struct Scripted: Transport {
    let answer: @Sendable (Endpoint) async throws -> Outcome
    var timer: (@Sendable (Duration) async throws -> Void)?

    init(timer: (@Sendable (Duration) async throws -> Void)? = nil, _ answer: @escaping @Sendable (Endpoint) async throws -> Outcome) {
        self.answer = answer
        self.timer = timer
    }

    func check(_ endpoint: Endpoint, timeout: Duration) async throws -> Outcome {
        try await answer(endpoint)
    }

    func sleep(for duration: Duration) async throws {
        if let timer { try await timer(duration) } else { try await Task.sleep(for: duration) }
    }
}

/// How many there are.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0

    var count: Int { lock.withLock { value } }

    func add(_ number: Int) {
        lock.withLock { value += number }
    }
}
