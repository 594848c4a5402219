import SteadfastCore

/// A WebSocket that survives its server: it goes to the active endpoint, wherever that moves.
///
/// It moves by opening the new connection before it closes the old one, and connects anew when a connection is lost. Meanwhile, what is sent waits
/// and goes out first, in its order. Nothing is sent twice. Messages that nobody reads hold the server back.
///
/// ```swift
/// let socket = try link.socket("/chat?room=1")
/// try await socket.send(.text("hello"))
/// for await message in socket.messages {
///     show(message)
/// }
/// ```
///
/// It lives until ``close(code:reason:)``, until its link ends, or until the server says that it will not have it (``SocketEvent/stopped(_:)``).
public final class SteadfastSocket: Sendable, CustomReflectable {
    /// Which leg carries messages.
    enum Phase {
        case none
        /// What has waited is being handed to this one.
        case flushing(Leg)
        /// What is sent goes to this one; nothing waits in the queue.
        case open(Leg)
        case closed

        var leg: Leg? {
            switch self {
            case .flushing(let leg), .open(let leg): leg
            case .none, .closed: nil
            }
        }

        var state: SocketState {
            switch self {
            case .none, .flushing: .connecting
            case .open: .open
            case .closed: .closed
            }
        }
    }

    struct State {
        var phase = Phase.none
        /// Those that the engine knows of.
        var legs: [Int64: Leg] = [:]
        var queue: SendQueue
        /// Whoever waits until the open connection has taken a message; their messages follow those of the queue.
        var senders = Fifo<Sender>()
        /// The writer of the leg that carries messages, while it has none.
        var writer: CheckedContinuation<Message?, Never>?
        /// Ends when all has been delivered of the legs that have carried messages.
        var delivery: Task<Void, Never>?
        /// What the app has not been told of the queue.
        var news = QueueNews()
    }

    /// What has happened to the queue since the app was told last.
    struct QueueNews {
        var dropped = 0
        var isPending = false
    }

    /// How long a close may take of which the app hears nothing.
    static let closeWithin = Duration.seconds(2)

    let setup: SocketSetup
    let received: Mailbox<Message>
    private let reading: Reading<Message>
    let stateChanges = Broadcast<SocketState>()
    let happenings = Broadcast<SocketEvent>(keepsEarly: true)
    let locked: Locked<State>

    init(_ setup: SocketSetup) {
        self.setup = setup
        locked = Locked(State(queue: SendQueue(setup.options.queue)))
        received = Mailbox(capacity: 0)
        reading = Reading(of: received)
    }

    /// Without its path, in which there may be a token.
    public var customMirror: Mirror { Mirror(self, children: ["state": state, "endpoint": endpoint?.name as Any]) }

    /// What arrives, over whichever connection, in its order. It ends once the socket is closed, and what had arrived before has been read.
    ///
    /// Each access gives a stream for a reader, and each message goes to one reader. A reader whose task is cancelled, or who lets go of the stream,
    /// leaves what follows to the next one.
    public var messages: AsyncStream<Message> { reading.stream }

    /// Whether it has a connection.
    public var state: SocketState { locked.withLock { $0.phase.state } }

    /// Its state, and from then on each other one. It ends after ``SocketState/closed``.
    public var states: AsyncStream<SocketState> { stateChanges.stream { state } }

    /// What happens from now on, as it happens; the first reader is told of what has happened before as well. It ends when the socket is closed; a
    /// reader that falls behind by more than 256 events misses the oldest.
    public var events: AsyncStream<SocketEvent> { happenings.stream() }

    /// The endpoint that messages go to, or `nil` while there is none.
    public var endpoint: Endpoint? { locked.withLock { $0.phase.leg?.endpoint } }

    /// Sends a message, or lets it wait for a connection. It waits until the open connection has taken the message; if that is lost before, the
    /// message waits in the queue.
    ///
    /// - Returns: Whether a connection has taken it. If not, it waits or, as ``SocketEvent/queue(messages:bytes:dropped:)`` tells, was dropped.
    /// - Throws: ``SteadfastError/queueFull`` if there is no room, and the queue is to refuse then; ``SteadfastError/socketClosed`` if the socket is
    ///   closed; `CancellationError` if the task is cancelled before a connection has begun to send the message. It is not sent then.
    @discardableResult
    public func send(_ message: Message) async throws -> Bool {
        try await hand(Sender(message))
    }

    /// Takes back what was to be sent and was not, in its order; after the end as well.
    public func takeUnsent() -> [Message] {
        locked.withLock { state in
            defer { note(&state) }
            return state.queue.removeAll()
        }
    }

    /// Replaces the connection by another one to the same endpoint, as when it seems dead. The old one is closed once the new one is open.
    public func reconnect() {
        if state != .closed { setup.core.reconnect(socket: setup.number) }
    }

    /// Closes it for good; the watching goes on. Nothing is read from the open connection any more; ``messages`` still brings what had arrived, and
    /// ends then. During a move, that includes what the old server had sent: it is waited for until the old connection has closed, for at most two
    /// seconds. ``takeUnsent()`` gives back what was not sent.
    ///
    /// - Parameters:
    ///   - code: The WebSocket close code: 1000, or one from 3000 to 4999.
    ///   - reason: At most 123 bytes of UTF-8.
    /// - Throws: ``SteadfastError/closeRefused(reason:)`` if code or reason are others; nothing has changed then.
    public func close(code: Int = 1000, reason: String = "") throws {
        guard code == 1000 || (3000...4999).contains(code) else {
            throw SteadfastError.closeRefused(reason: "the close code \(code) is not the app's to give: use 1000, or one from 3000 to 4999")
        }
        guard reason.utf8.count <= 123 else {
            throw SteadfastError.closeRefused(reason: "the reason has \(reason.utf8.count) bytes, and 123 are allowed")
        }
        end(code: code, reason: reason)
    }

    /// Ends it, for the app or the link wants it no more.
    func end(code: Int = 1000, reason: String = "") {
        finish(nil, code: code, reason: reason)
    }

    /// Ends it, for another attempt would meet the same.
    func stop(_ why: StopReason) {
        finish(why, code: 1000, reason: "")
    }

    private func finish(_ why: StopReason?, code: Int, reason: String) {
        let legs: [Leg]? = locked.withLock { state in
            if case .closed = state.phase { return nil }
            dismissWriter(&state)
            for sender in state.senders.removeAll() { sender.settle(.failure(SteadfastError.socketClosed)) }
            if !state.queue.isEmpty || state.news.isPending { tellOfQueue(&state) }
            if let why { happenings.send(.stopped(why)) }
            enter(.closed, &state)
            stateChanges.finish()
            happenings.finish()
            if let delivery = state.delivery {
                // What had arrived is the app's. Without the socket, which may go meanwhile.
                Task { [received] in
                    await delivery.value
                    received.finish()
                }
            } else {
                received.finish()
            }
            defer { state.legs = [:] }
            return Array(state.legs.values)
        }
        guard let legs else { return }
        setup.leave(setup.number)
        for leg in legs {
            leg.inbox.finish()
            leg.close(code: code, reason: reason, within: Self.closeWithin, clock: setup.clock)
        }
    }

    /// Another phase; the app is told if that is another state.
    func enter(_ phase: Phase, _ state: inout State) {
        let before = state.phase.state
        state.phase = phase
        if phase.state != before { stateChanges.send(phase.state) }
    }
}
