import Foundation
import SteadfastCore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Checks over HTTP and HTTPS by `URLSession`: ephemeral, without cache or cookies, and without waiting for a network.
///
/// Connections are reused from check to check. TLS certificates are verified as the system does. Bare TCP checks (`tcp://`) are refused as
/// unexpected: give the endpoint a health URL.
public final class URLSessionTransport: Transport {
    private let session: URLSession
    private let checks = Checks()
    private let limits = answerLimits()

    /// A transport with a session of its own.
    public convenience init() {
        self.init(configuration: .ephemeral)
    }

    /// A transport whose session has this configuration, as for a proxy; what checks need is set on top of it.
    public init(configuration: URLSessionConfiguration) {
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        #if canImport(Darwin)
            configuration.waitsForConnectivity = false
        #endif
        session = URLSession(configuration: configuration, delegate: checks, delegateQueue: nil)
    }

    deinit {
        session.invalidateAndCancel()
    }

    public func check(_ endpoint: Endpoint, timeout: Duration) async throws -> Outcome {
        guard let health = endpoint.health, let check = health.check, let url = URL(string: health.url), url.scheme?.hasPrefix("http") == true else {
            return .failure(.unexpected)
        }
        // In whole seconds on Linux; it is the engine that ends a check to the millisecond.
        var request = URLRequest(url: url, timeoutInterval: (Double(timeout.wholeMilliseconds) / 1_000).rounded(.up))
        request.httpMethod = check.method.word
        request.httpBody = check.body.map { Data($0.utf8) }
        // So that a server can leave checks out of its statistics.
        request.setValue("true", forHTTPHeaderField: "X-Health-Check")
        for header in check.headers {
            request.setValue(header.value, forHTTPHeaderField: header.name)
        }
        let task = session.dataTask(with: request)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                checks.begin(task, RunningCheck(check, continuation, limits))
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
    }
}

/// A check under way.
private struct RunningCheck {
    let followRedirects: Bool
    let expected: Data?
    let document: Bool
    /// The whole body is wanted, as far as the limits allow.
    var isDocument = false
    let limits: AnswerLimits
    let started = ContinuousClock.now
    let ended: CheckedContinuation<Outcome, Never>
    var response: HTTPURLResponse?
    var body = Data()

    init(_ check: Check, _ ended: CheckedContinuation<Outcome, Never>, _ limits: AnswerLimits) {
        followRedirects = check.followRedirects
        expected = check.expectBody.map { Data($0.utf8) }
        document = check.document
        self.limits = limits
        self.ended = ended
    }

    /// Takes a piece of the body; whether enough has arrived.
    mutating func take(_ piece: Data) -> Bool {
        guard isDocument || expected != nil else { return false }
        // What was searched before need not be searched again, but for a match that spans the two pieces.
        let from = max(0, body.count - (expected?.count ?? 0))
        body.append(piece.prefix(Int(limits.bodyBytes) - body.count))
        guard let expected, !isDocument else { return body.count >= Int(limits.bodyBytes) }
        return body.count >= Int(limits.bodyBytes) || body.range(of: expected, in: from..<body.count) != nil
    }

    func answer() -> Outcome {
        guard let response else { return .failure(.unexpected) }
        let headers = response.allHeaderFields.prefix(Int(limits.headers)).map { Header(name: "\($0.key)", value: "\($0.value)") }
        let latency = started.duration(to: .now)
        return .answer(Answer(status: response.statusCode, headers: headers, body: body, latency: latency))
    }
}

/// The checks of a session.
private final class Checks: NSObject, URLSessionDataDelegate, Sendable {
    private let running = Locked<[Int: RunningCheck]>([:])
    private let limits = answerLimits()

    func begin(_ task: URLSessionTask, _ check: RunningCheck) {
        running.withLock { $0[task.taskIdentifier] = check }
    }

    private func end(_ task: URLSessionTask, with outcome: (RunningCheck) -> Outcome) {
        if let check = running.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) {
            check.ended.resume(returning: outcome(check))
        }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        let follows = running.withLock { $0[task.taskIdentifier]?.followRedirects == true }
        completionHandler(follows ? request : nil)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        let enough = running.withLock { running in
            guard var check = running[dataTask.taskIdentifier] else { return true }
            check.response = response as? HTTPURLResponse
            check.isDocument = check.document && check.response?.value(forHTTPHeaderField: "Content-Type").map { isHealthDocument(contentType: $0) } == true
            running[dataTask.taskIdentifier] = check
            return check.expected == nil && !check.isDocument
        }
        if enough { end(dataTask) { $0.answer() } }
        // A short rest of a body may arrive, so that the connection serves the next check as well; a long one is not waited for.
        let rest = response.expectedContentLength
        completionHandler(!enough || (0...Int64(limits.bodyBytes)).contains(rest) ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let enough = running.withLock { $0[dataTask.taskIdentifier]?.take(data) ?? true }
        if enough {
            end(dataTask) { $0.answer() }
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        end(task) { check in
            if let error { return .failure(FailureKind(error)) }
            return check.answer()
        }
    }
}

extension FailureKind {
    /// Of which kind a failed request is.
    init(_ error: any Error) {
        self =
            switch (error as? URLError)?.code {
            case .timedOut: .timeout
            case .cannotFindHost, .dnsLookupFailed: .dns
            case .cannotConnectToHost: .refused
            case .networkConnectionLost, .badServerResponse, .cannotParseResponse, .zeroByteResource: .reset
            case .notConnectedToInternet, .internationalRoamingOff, .dataNotAllowed, .callIsActive: .unreachable
            case .secureConnectionFailed, .serverCertificateHasBadDate, .serverCertificateUntrusted, .serverCertificateHasUnknownRoot,
                .serverCertificateNotYetValid, .clientCertificateRejected, .clientCertificateRequired:
                .tls
            case .appTransportSecurityRequiresSecureConnection: .mixedContent
            case .httpTooManyRedirects, .redirectToNonExistentLocation: .redirect
            default: .unexpected
            }
    }
}

extension Method {
    fileprivate var word: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        }
    }
}
