import Foundation
import SteadfastCore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Permission to make one request; see ``Steadfast/tryAcquire(excluding:)``. Report its end: one that is never reported is taken for lost after a
/// while.
public final class Permit: Sendable {
    private let core: Core
    private let attempt: Attempt

    init(_ core: Core, _ attempt: Attempt) {
        self.core = core
        self.attempt = attempt
    }

    /// To which endpoint the request may be made.
    public var endpoint: String { attempt.endpoint }

    /// Where that endpoint answers requests: `https://host:port`.
    public var origin: String { attempt.origin }

    /// The server did its part. Only the first report counts.
    public func success() { report(.succeeded) }

    /// The server did not. Only the first report counts.
    public func failure() { report(.failed) }

    /// It was given up before it showed either: it counts for nothing, and its place in a half-open breaker is free again. Only the first report
    /// counts.
    public func release() { report(.released) }

    private func report(_ outcome: CallOutcome) {
        _ = core.attemptEnded(number: attempt.number, end: .other(outcome: outcome))
    }
}

/// A circuit breaker keeps the app from making a request that would most likely fail.
public struct CircuitOpenError: Error, CustomStringConvertible {
    /// Whose breaker it is, the state that it is in, and when it is worth asking again.
    public let refusal: Refusal

    public var description: String {
        let wait = refusal.retryAfterMs.map { "; try again in \($0) ms" } ?? ""
        return "the circuit breaker of \(refusal.endpoint) is \(refusal.state)\(wait)"
    }
}

extension Steadfast {
    /// Asks an endpoint's circuit breaker for permission to make a request of the app's own; ``data(for:using:)`` does it by itself.
    ///
    /// - Parameter excluding: Not to this endpoint but to the best other one. By default the request is to go to the active one.
    /// - Throws: ``CircuitOpenError`` if the circuit breaker refuses, ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has the name `excluding`.
    public func tryAcquire(excluding: String? = nil) throws -> Permit {
        Permit(core, try begin(.byApp(excluding: try excluding.map(known))))
    }

    /// Reports that a request succeeded that was made without ``data(for:using:)`` or ``tryAcquire(excluding:)``: the server did its part.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func reportSuccess(of endpoint: String) throws {
        core.reportCall(name: try known(endpoint), outcome: .succeeded)
    }

    /// Reports that a request failed that was made without ``data(for:using:)`` or ``tryAcquire(excluding:)``. That is evidence against the
    /// endpoint.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func reportFailure(of endpoint: String) throws {
        core.reportCall(name: try known(endpoint), outcome: .failed)
    }

    /// Sends a request to the active endpoint, through the endpoint's circuit breaker. A request that it refuses, or that could not be sent, goes to
    /// the next-best endpoint; one that fails does, once, if its method is idempotent and its body is no stream.
    ///
    /// Scheme, host and port of the request's URL are replaced by those where the app connects (`wss` becomes `https`); path, query and the
    /// rest stay. A status from 500 on is a failure, and so is a timeout, after which nothing is sent again. A request whose task is cancelled counts
    /// for nothing, and so does one that fails because the device has no network.
    ///
    /// - Throws: ``CircuitOpenError`` if every circuit breaker refuses, or what `URLSession` throws.
    public func data(for request: URLRequest, using session: URLSession = .shared) async throws -> (Data, HTTPURLResponse) {
        // The app's own mistakes surface before a breaker is asked.
        guard let url = request.url, let target = URLComponents(url: url, resolvingAgainstBaseURL: true) else { throw URLError(.badURL) }
        try Task.checkCancellation()
        var attempt = try begin(.byPlatform(method: request.httpMethod ?? "GET", replayable: request.httpBodyStream == nil))
        while true {
            var request = request
            do {
                request.url = try target.at(attempt.origin)
                let (data, response) = try await session.data(for: request)
                guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
                let status = UInt16(clamping: response.statusCode)
                let end = AttemptEnd.answered(status: status, url: response.url?.absoluteString ?? "")
                guard let next = core.attemptEnded(number: attempt.number, end: end) else { return (data, response) }
                attempt = next
            } catch {
                let outcome = CallOutcome(error, asking: request.url)
                guard let next = core.attemptEnded(number: attempt.number, end: .other(outcome: outcome)) else { throw error }
                attempt = next
            }
        }
    }

    private func begin(_ requested: Requested) throws -> Attempt {
        switch core.beginCall(requested: requested) {
        case .permitted(let attempt): return attempt
        case .refused(let refusal): throw CircuitOpenError(refusal: refusal)
        }
    }
}

extension URLComponents {
    fileprivate func at(_ origin: String) throws -> URL? {
        guard let base = URLComponents(string: origin) else { throw URLError(.badURL) }
        var parts = self
        (parts.scheme, parts.host, parts.port) = (base.scheme, base.host, base.port)
        return parts.url
    }
}

extension CallOutcome {
    /// What an error of `URLSession` says of the server.
    fileprivate init(_ error: any Error, asking url: URL?) {
        let failed = error as? URLError
        self =
            switch failed?.code {
            // Whoever gave the request up knows nothing of the server, nor does a request that cannot be made.
            case _ where Task.isCancelled: .released
            case .cancelled, .badURL, .unsupportedURL, .dataLengthExceedsMaximum: .released
            // The device has no way out: no server has failed, and another one cannot be asked either.
            case .notConnectedToInternet, .dataNotAllowed, .internationalRoamingOff, .callIsActive: .released
            case .timedOut: .timedOut
            // After a redirect, it is another URL that could not be asked.
            case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed: failed?.failingURL == url ? .unsent : .failed
            default: .failed
            }
    }
}
