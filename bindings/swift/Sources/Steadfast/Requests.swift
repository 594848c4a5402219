import Foundation
import SteadfastCore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Leave to make one request; see ``Steadfast/tryAcquire(excluding:)``. Report its end: one that is never reported is taken for lost after a while.
public final class Leave: Sendable {
    private let core: Core
    private let permit: Permit
    private let began = ContinuousClock.now
    private let reported = Locked(false)

    init(_ core: Core, _ permit: Permit) {
        self.core = core
        self.permit = permit
    }

    /// To which endpoint the request may be made.
    public var endpoint: String { permit.endpoint }

    /// The server did its part. Only the first report counts.
    public func success() { report(.succeeded) }

    /// The server did not. Only the first report counts.
    public func failure() { report(.failed) }

    /// It was given up before it showed either: it counts for nothing, and its place in a half-open breaker is free again. Only the first report
    /// counts.
    public func release() { report(.released) }

    private func report(_ outcome: CallOutcome) {
        let first = reported.withLock { reported in
            defer { reported = true }
            return !reported
        }
        if first { core.callEnded(permit: permit, outcome: outcome, took: began.duration(to: .now)) }
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
    /// Asks an endpoint's circuit breaker for leave to make a request of the app's own; ``data(for:using:)`` does it by itself.
    ///
    /// - Parameter excluding: Not to this endpoint but to the best other one. By default the request is to go to the active one.
    /// - Throws: ``CircuitOpenError`` if the circuit breaker refuses.
    public func tryAcquire(excluding: String? = nil) throws -> Leave {
        switch core.tryAcquire(excluding: excluding) {
        case .permitted(let permit): return Leave(core, permit)
        case .refused(let refusal): throw CircuitOpenError(refusal: refusal)
        }
    }

    /// Reports that a request succeeded that was made without ``data(for:using:)`` or ``tryAcquire(excluding:)``: the server did its part.
    ///
    /// - Throws: ``UnknownEndpoint`` if no endpoint has that name.
    public func reportSuccess(of endpoint: String) throws {
        core.reportSuccess(name: try known(endpoint))
    }

    /// Reports that a request failed that was made without ``data(for:using:)`` or ``tryAcquire(excluding:)``. That is evidence against the
    /// endpoint.
    ///
    /// - Throws: ``UnknownEndpoint`` if no endpoint has that name.
    public func reportFailure(of endpoint: String) throws {
        core.reportFailure(name: try known(endpoint))
    }

    /// Sends a request to the active endpoint, through the endpoint's circuit breaker; if the request fails and its method is idempotent, retries
    /// once on the next-best endpoint.
    ///
    /// Scheme, host and port of the request's URL are replaced by those where the app connects (`wss` becomes `https`); path, query and the
    /// rest stay. A request that the breaker refuses is retried there as well.
    ///
    /// - Throws: ``CircuitOpenError`` if the circuit breaker refuses, or what `URLSession` throws.
    public func data(for request: URLRequest, using session: URLSession = .shared) async throws -> (Data, HTTPURLResponse) {
        var first: String?
        let answer: (Data, HTTPURLResponse)
        do {
            let leave = try tryAcquire()
            first = leave.endpoint
            answer = try await send(request, leave, session)
        } catch {
            let tried = first ?? (error as? CircuitOpenError)?.refusal.endpoint
            guard !Task.isCancelled, let tried, let other = elsewhere(request, tried) else { throw error }
            return try await send(request, other, session)
        }
        guard failed(answer.1), let first, let other = elsewhere(request, first) else { return answer }
        return try await send(request, other, session)
    }

    private func send(_ request: URLRequest, _ leave: Leave, _ session: URLSession) async throws -> (Data, HTTPURLResponse) {
        do {
            let (data, response) = try await session.data(for: try there(request, leave.endpoint))
            guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
            if failed(response) { leave.failure() } else { leave.success() }
            return (data, response)
        } catch {
            // Whoever gave the request up knows nothing of the server.
            if Task.isCancelled { leave.release() } else { leave.failure() }
            throw error
        }
    }

    private func failed(_ response: HTTPURLResponse) -> Bool {
        isServerError(status: UInt16(clamping: response.statusCode))
    }

    private func elsewhere(_ request: URLRequest, _ first: String) -> Leave? {
        guard isRepeatable(method: request.httpMethod ?? "GET"), request.httpBodyStream == nil,
            let leave = try? tryAcquire(excluding: first)
        else { return nil }
        if leave.endpoint != first { return leave }
        leave.release()
        return nil
    }

    private func there(_ request: URLRequest, _ name: String) throws -> URLRequest {
        guard let connect = snapshot.endpoints.first(where: { $0.name == name })?.connect, let base = URLComponents(string: connect),
            let url = request.url, var parts = URLComponents(url: url, resolvingAgainstBaseURL: true)
        else { throw URLError(.badURL) }
        parts.scheme = base.scheme.map { $0.hasPrefix("ws") ? "http" + $0.dropFirst(2) : $0 }
        parts.host = base.host
        parts.port = base.port
        var request = request
        request.url = parts.url
        return request
    }
}
