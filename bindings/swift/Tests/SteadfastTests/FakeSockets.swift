import Foundation
import Steadfast

/// Opens WebSockets that do what a test says.
final class FakeSockets: WebSocketConnector, @unchecked Sendable {
    /// What becomes of an attempt.
    typealias Answer = @Sendable (WebSocketRequest, FakeWebSocket) async throws -> Void

    private let lock = NSLock()
    private var opened: [FakeWebSocket] = []
    private var requested: [WebSocketRequest] = []
    private let answer: Answer
    /// How many of its WebSockets are held by anybody.
    let alive = Counter()

    init(_ answer: @escaping Answer = { _, _ in }) {
        self.answer = answer
    }

    var requests: [WebSocketRequest] { lock.withLock { requested } }

    /// Those that have opened, in their order.
    var all: [FakeWebSocket] { lock.withLock { opened } }

    func forget() {
        lock.withLock { (opened, requested) = ([], []) }
    }

    func open(_ request: WebSocketRequest) async throws -> any WebSocket {
        lock.withLock { requested.append(request) }
        let socket = FakeWebSocket(host: request.url.host ?? "", alive: alive)
        try await answer(request, socket)
        lock.withLock { opened.append(socket) }
        return socket
    }
}

/// A WebSocket without a network.
final class FakeWebSocket: WebSocket, @unchecked Sendable {
    let host: String
    private let lock = NSLock()
    private let arriving = AsyncThrowingStream<Message, any Error>.makeStream()
    private let alive: Counter
    private var taken: [Message] = []
    private var begun: [Message] = []
    private var closes: [Int] = []
    private var cancelled = false
    private var handed = 0
    /// Called before a message is taken; may wait, or throw.
    var onSend: (@Sendable (Message) async throws -> Void)?
    /// Called when this side closes it; by default its server closes it as well.
    var onClose: (@Sendable (FakeWebSocket, Int) -> Void)? = { socket, code in socket.end(WebSocketClosed(code: code)) }

    init(host: String, alive: Counter) {
        self.host = host
        self.alive = alive
        alive.add(1)
    }

    deinit {
        alive.add(-1)
    }

    /// What was sent over it.
    var sent: [Message] { lock.withLock { taken } }
    /// What was to be sent over it, whether or not it was.
    var offered: [Message] { lock.withLock { begun } }
    /// With which codes this side has closed it.
    var closedWith: [Int] { lock.withLock { closes } }
    var isCancelled: Bool { lock.withLock { cancelled } }
    /// How many messages were read from it.
    var received: Int { lock.withLock { handed } }

    func arrive(_ text: String) { arriving.continuation.yield(.text(text)) }
    func end(_ error: any Error) { arriving.continuation.finish(throwing: error) }

    func receive() async throws -> Message {
        for try await message in arriving.stream {
            lock.withLock { handed += 1 }
            return message
        }
        throw Broken(description: "cut off")
    }

    func send(_ message: Message) async throws {
        lock.withLock { begun.append(message) }
        try await onSend?(message)
        lock.withLock { taken.append(message) }
    }

    func close(code: Int, reason: String) {
        lock.withLock { closes.append(code) }
        onClose?(self, code)
    }

    func cancel() {
        lock.withLock { cancelled = true }
        end(Broken(description: "cut off"))
    }
}

/// Takes what a stream brings, for as long as the test lasts.
final class Collector<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Value] = []
    private var ended = false
    private var task: Task<Void, Never>?

    init(_ stream: AsyncStream<Value>) {
        task = Task { [weak self] in
            for await value in stream { self?.add(value) }
            self?.end()
        }
    }

    var all: [Value] { lock.withLock { values } }
    var hasEnded: Bool { lock.withLock { ended } }

    private func add(_ value: Value) { lock.withLock { values.append(value) } }
    private func end() { lock.withLock { ended = true } }
}

extension Message {
    var asText: String {
        if case .text(let text) = self { text } else { "" }
    }
}

extension SocketEvent {
    /// In a few words.
    var told: String {
        switch self {
        case .opened(let endpoint): "opened \(endpoint)"
        case .lost(let endpoint, let code, _, _): "lost \(endpoint) \(code.map(String.init) ?? "-")"
        case .moved(let from, let to): "moved \(from) \(to)"
        case .moveFailed(let to, let error): "move failed \(to): \(error)"
        case .queue(let messages, let bytes, let dropped): "queue \(messages) \(bytes) \(dropped)"
        case .stopped(.closeCode(let code)): "stopped \(code)"
        case .stopped(.unauthorized(let status)): "stopped \(status)"
        }
    }
}
