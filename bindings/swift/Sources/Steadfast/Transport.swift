import Foundation

/// What the engine needs of a platform.
public protocol Transport: Sendable {
    /// Checks the endpoint as its `health` says. The task is cancelled when the outcome no longer matters, after `timeout` at the latest.
    /// What it throws makes the check one that failed unexpectedly.
    func check(_ endpoint: Endpoint, timeout: Duration) async throws -> Outcome

    /// Waits; a little less or more does no harm. If it throws without having been cancelled, watching ends.
    func sleep(for duration: Duration) async throws

    /// Reads the clocks.
    func now() -> ClockReading
}

extension Transport {
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }

    public func now() -> ClockReading {
        // It goes on while the device sleeps.
        let monotonic = SystemClock.started.duration(to: .now)
        let date = Int64(Date().timeIntervalSince1970 * 1_000)
        return ClockReading(monotonic: monotonic.wholeMilliseconds, wall: date, date: date)
    }
}

private enum SystemClock {
    static let started = ContinuousClock.now
}

/// A transport as the generated code wants it.
final class PlatformAdapter: PlatformTransport {
    private let transport: any Transport

    init(_ transport: any Transport) {
        self.transport = transport
    }

    func check(endpoint: Endpoint, timeout: Duration) async throws -> Checked {
        do {
            return Checked(outcome: try await transport.check(endpoint, timeout: timeout))
        } catch {
            throw CallbackError.Failed(reason: "\(error)")
        }
    }

    func sleep(duration: Duration) async throws {
        do {
            try await transport.sleep(for: duration)
        } catch {
            throw CallbackError.Failed(reason: "\(error)")
        }
    }

    func now() throws -> ClockReading {
        transport.now()
    }
}
