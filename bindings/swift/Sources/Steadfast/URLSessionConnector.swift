#if canImport(Darwin)
    import Foundation
    import SteadfastCore

    /// Opens WebSockets by `URLSessionWebSocketTask`, and pings the server every 20 s: a socket whose ping goes unanswered is broken.
    ///
    /// There is none on Linux, where Foundation's networking cannot speak the protocol everywhere: bring a ``WebSocketConnector`` of your own.
    public struct URLSessionConnector: WebSocketConnector {
        private let configuration: URLSessionConfiguration
        private let maximumMessageSize: Int

        /// - Parameter maximumMessageSize: Longer messages break the connection; in bytes.
        public init(configuration: URLSessionConfiguration = .ephemeral, maximumMessageSize: Int = 1 << 20) {
            self.configuration = configuration
            self.maximumMessageSize = maximumMessageSize
        }

        public func open(_ request: WebSocketRequest) async throws -> any WebSocket {
            let opening = Opening()
            let session = URLSession(configuration: configuration, delegate: opening, delegateQueue: nil)
            let task = session.webSocketTask(with: Self.urlRequest(request))
            task.maximumMessageSize = maximumMessageSize
            let socket = URLSessionSocket(session: session, task: task)
            do {
                try await withTaskCancellationHandler {
                    try await withCheckedThrowingContinuation { continuation in
                        opening.wait(continuation)
                        task.resume()
                    }
                } onCancel: {
                    task.cancel()
                }
            } catch {
                socket.cancel()
                throw error
            }
            socket.keepAsking()
            return socket
        }

        private static func urlRequest(_ request: WebSocketRequest) -> URLRequest {
            var asked = URLRequest(url: request.url)
            for header in request.headers { asked.addValue(header.value, forHTTPHeaderField: header.name) }
            if !request.protocols.isEmpty {
                asked.setValue(request.protocols.joined(separator: ", "), forHTTPHeaderField: "Sec-WebSocket-Protocol")
            }
            return asked
        }
    }

    /// Waits for a socket to open.
    private final class Opening: NSObject, URLSessionWebSocketDelegate, Sendable {
        private let waiting = Locked<CheckedContinuation<Void, any Error>?>(nil)

        func wait(_ continuation: CheckedContinuation<Void, any Error>) {
            waiting.withLock { $0 = continuation }
        }

        private func end(_ result: Result<Void, any Error>) {
            waiting.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }?.resume(with: result)
        }

        func urlSession(_ session: URLSession, webSocketTask: URLSessionWebSocketTask, didOpenWithProtocol protocol: String?) {
            end(.success(()))
        }

        func urlSession(
            _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
            completionHandler: @escaping @Sendable (URLRequest?) -> Void
        ) {
            // Which servers there are is the config's to say. The redirect's status is what refuses the upgrade.
            completionHandler(nil)
        }

        func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
            if let status = (task.response as? HTTPURLResponse)?.statusCode, status != 101 {
                end(.failure(UpgradeRefused(status: status)))
            } else {
                end(.failure(error ?? URLError(.networkConnectionLost)))
            }
        }
    }

    /// An open `URLSessionWebSocketTask`.
    private final class URLSessionSocket: WebSocket {
        private let session: URLSession
        private let task: URLSessionWebSocketTask
        private let liveness = Locked(Liveness())
        private let pings = Locked<Task<Void, Never>?>(nil)

        init(session: URLSession, task: URLSessionWebSocketTask) {
            self.session = session
            self.task = task
        }

        /// Pings the server from now on: `URLSession` itself does not notice that the way to it is gone.
        func keepAsking() {
            let asking = Task { [task, liveness] in
                while (try? await Task.sleep(for: .seconds(20))) != nil {
                    // Without a close code: the server has not closed it.
                    guard liveness.withLock({ $0.ask() }) else { return task.cancel() }
                    task.sendPing { error in
                        if error == nil { liveness.withLock { $0.answered = true } }
                    }
                }
            }
            pings.withLock { $0 = asking }
        }

        func receive() async throws -> Message {
            liveness.withLock { $0.isReading = true }
            defer { liveness.withLock { $0.isReading = false } }
            do {
                return switch try await task.receive() {
                case .string(let text): .text(text)
                case .data(let bytes): .binary(bytes)
                @unknown default: throw URLError(.cannotParseResponse)
                }
            } catch {
                guard task.closeCode != .invalid else { throw error }
                throw WebSocketClosed(code: task.closeCode.rawValue, reason: String(decoding: task.closeReason ?? Data(), as: UTF8.self))
            }
        }

        func send(_ message: Message) async throws {
            switch message {
            case .text(let text): try await task.send(.string(text))
            case .binary(let bytes): try await task.send(.data(bytes))
            }
        }

        func close(code: Int, reason: String) {
            let code = URLSessionWebSocketTask.CloseCode(rawValue: code) ?? .normalClosure
            // A task that is told to close reads no more. What the server has sent before it answers a ping arrives before the answer.
            task.sendPing { [task] _ in task.cancel(with: code, reason: Data(reason.utf8)) }
        }

        func cancel() {
            pings.withLock { $0 }?.cancel()
            task.cancel()
            // A session holds its delegate until it is told to end.
            session.invalidateAndCancel()
        }
    }

    /// Whether the server has answered the last ping.
    private struct Liveness {
        var answered = true
        /// While nobody reads, answers are not read either.
        var isReading = false {
            didSet { if !isReading { hasPaused = true } }
        }
        /// Something has arrived since the last ping, or nobody has read for a while.
        private var hasPaused = false

        /// Another ping is due. False if the last one went unanswered.
        mutating func ask() -> Bool {
            defer { (answered, hasPaused) = (false, !isReading) }
            return answered || hasPaused
        }
    }

    extension Steadfast {
        /// Holds a WebSocket to the active endpoint, wherever that moves, by `URLSession`; see ``socket(_:options:using:)``.
        ///
        /// - Throws: ``SteadfastError/pathRefused(reason:)`` if the path leads to no endpoint.
        public func socket(_ path: String = "", options: SocketOptions = SocketOptions()) throws -> SteadfastSocket {
            try socket(.value(path), options: options)
        }

        /// Holds a WebSocket to the active endpoint, wherever that moves, by `URLSession`; its path may be another one for each connection.
        ///
        /// - Throws: ``SteadfastError/pathRefused(reason:)`` if the path is known and leads to no endpoint.
        public func socket(_ path: Provided<String>, options: SocketOptions = SocketOptions()) throws -> SteadfastSocket {
            try socket(path, options: options, using: URLSessionConnector())
        }
    }
#endif
