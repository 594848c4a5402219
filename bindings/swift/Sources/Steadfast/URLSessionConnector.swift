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

        public func open(_ url: URL) async throws -> any WebSocket {
            let opening = Opening()
            let session = URLSession(configuration: configuration, delegate: opening, delegateQueue: nil)
            let task = session.webSocketTask(with: url)
            task.maximumMessageSize = maximumMessageSize
            let socket = URLSessionSocket(session: session, task: task, pings: nil)
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
                socket.close()
                throw error
            }
            return URLSessionSocket(session: session, task: task, pings: Task { await Pings(of: task).run() })
        }
    }

    /// Sees whether a server still answers: `URLSession` itself does not notice that the way to it is gone.
    private struct Pings {
        private static let every = Duration.seconds(20)

        let socket: URLSessionWebSocketTask
        let answered = Locked(true)

        init(of socket: URLSessionWebSocketTask) {
            self.socket = socket
        }

        func run() async {
            while (try? await Task.sleep(for: Self.every)) != nil {
                let alive = answered.withLock { answered in
                    defer { answered = false }
                    return answered
                }
                // Without a close code: the server has not closed it.
                guard alive else { return socket.cancel() }
                socket.sendPing { [answered] error in
                    if error == nil { answered.withLock { $0 = true } }
                }
            }
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

        func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
            end(.failure(error ?? URLError(.networkConnectionLost)))
        }
    }

    /// An open `URLSessionWebSocketTask`.
    private struct URLSessionSocket: WebSocket {
        let session: URLSession
        let task: URLSessionWebSocketTask
        let pings: Task<Void, Never>?

        func receive() async throws -> Message {
            do {
                return switch try await task.receive() {
                case .string(let text): .text(text)
                case .data(let bytes): .binary(bytes)
                @unknown default: throw URLError(.cannotParseResponse)
                }
            } catch {
                if task.closeCode != .invalid { throw WebSocketClosed(code: task.closeCode.rawValue) }
                throw error
            }
        }

        func send(_ message: Message) async throws {
            switch message {
            case .text(let text): try await task.send(.string(text))
            case .binary(let bytes): try await task.send(.data(bytes))
            }
        }

        func close() {
            pings?.cancel()
            task.cancel(with: .normalClosure, reason: nil)
            // A session holds its delegate until it is told to end.
            session.finishTasksAndInvalidate()
        }
    }

    extension Steadfast {
        /// Holds a WebSocket to the active endpoint, wherever that moves, by `URLSession`; see ``connect(using:)``.
        ///
        /// - Throws: ``SteadfastError/alreadyConnected`` if it holds one.
        public func connect() throws -> Connection {
            try connect(using: URLSessionConnector())
        }
    }
#endif
