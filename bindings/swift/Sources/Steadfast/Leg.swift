import SteadfastCore

/// One connection of a socket, from the attempt to its end: its WebSocket, what has arrived over it, and what works for it. Whether the app's
/// messages go over it is the socket's to know.
final class Leg: Sendable {
    /// How many messages wait for a reader before the server is held back.
    private static let kept = 256

    private enum Phase {
        case opening
        case open(any WebSocket)
        /// Closed by this side; what the server had sent still arrives.
        case closing(any WebSocket)
        case over

        var webSocket: (any WebSocket)? {
            switch self {
            case .open(let webSocket), .closing(let webSocket): webSocket
            case .opening, .over: nil
            }
        }
    }

    /// What it waits for before it may take over.
    enum Awaited {
        /// The app's functions that say what it is opened with.
        case asking
        /// The server.
        case opening
        /// The app's hook.
        case preparing

        /// What is late if the wait is too long.
        var name: String {
            switch self {
            case .asking: "the app's own function for the path, the protocols or the headers"
            case .opening: "the connection"
            case .preparing: "the app's own onMigrate"
            }
        }

        /// Whether it waits for a function of the app's own.
        var isApp: Bool {
            switch self {
            case .asking, .preparing: true
            case .opening: false
            }
        }
    }

    private struct State {
        var phase = Phase.opening
        var awaits = Awaited.opening
        var heard: Heard
        var hasTakenOver = false
        /// What runs until the leg is over.
        var tasks: [Task<Void, Never>] = []
        /// What runs until the leg is closed: the hook, the pings.
        var companions: [Task<Void, Never>] = []
        /// Whose message the WebSocket has not taken yet.
        var sender: Sender?
    }

    let id: Int64
    let endpoint: Endpoint
    /// What has arrived, in its order; nothing follows once it has ended.
    let inbox = Mailbox<Message>(capacity: kept)
    private let state: Locked<State>

    /// - Parameter now: When the attempt begins, on the link's clock.
    init(id: Int64, endpoint: Endpoint, at now: Int64) {
        self.id = id
        self.endpoint = endpoint
        state = Locked(State(heard: Heard(since: now)))
    }

    // What works for it.

    /// Lets a task run for it until it is over.
    func run(_ task: Task<Void, Never>) {
        let late = state.withLock { state in
            if case .over = state.phase { return true }
            state.tasks.append(task)
            return false
        }
        if late { task.cancel() }
    }

    /// Lets a task run beside it until it is closed.
    func accompany(_ task: Task<Void, Never>) {
        let late = state.withLock { state in
            switch state.phase {
            case .closing, .over: return true
            case .opening, .open: state.companions.append(task)
            }
            return false
        }
        if late { task.cancel() }
    }

    // From its opening to its end.

    /// What it waits for.
    var awaits: Awaited { state.withLock { $0.awaits } }

    /// It waits for something else from now on.
    func enter(_ awaits: Awaited) {
        state.withLock { $0.awaits = awaits }
    }

    /// Its WebSocket is open. False if nobody wants it any more.
    func opened(_ webSocket: any WebSocket) -> Bool {
        state.withLock { state in
            guard case .opening = state.phase else { return false }
            state.phase = .open(webSocket)
            return true
        }
    }

    /// It carries the app's messages from now on. Returns its WebSocket if that is open.
    func takeOver(at now: Int64) -> (any WebSocket)? {
        state.withLock { state in
            guard case .open(let webSocket) = state.phase else { return nil }
            state.hasTakenOver = true
            state.heard.begin(at: now)
            return webSocket
        }
    }

    /// Whether it has ever carried the app's messages.
    var hasTakenOver: Bool { state.withLock { $0.hasTakenOver } }

    /// Closes it: what the server had sent still arrives, for no longer than the `limit`.
    func close(code: Int, reason: String, within limit: Duration, clock: any Transport) {
        let (webSocket, companions) = state.withLock { state -> ((any WebSocket)?, [Task<Void, Never>]) in
            guard case .open(let webSocket) = state.phase else { return (nil, []) }
            state.phase = .closing(webSocket)
            defer { state.companions = [] }
            return (webSocket, state.companions)
        }
        companions.forEach { $0.cancel() }
        settleSender()
        guard let webSocket else { return end() }
        webSocket.close(code: code, reason: reason)
        guard limit > .zero else { return end() }
        run(Task {
            try? await clock.sleep(for: limit)
            self.end()
        })
    }

    /// Lets go of all that it holds, whatever state it is in.
    func end() {
        let (webSocket, tasks) = state.withLock { state in
            defer { (state.phase, state.tasks, state.companions) = (.over, [], []) }
            return (state.phase.webSocket, state.tasks + state.companions)
        }
        webSocket?.cancel()
        inbox.finish()
        tasks.forEach { $0.cancel() }
        settleSender()
    }

    // What it is heard to do.

    /// What has been heard on it.
    var heard: Heard { state.withLock { $0.heard } }

    /// Something has arrived. Returns whether the engine is to be told.
    func hear(at now: Int64, isAnswer: Bool) -> Bool {
        state.withLock { state in
            let isDue = state.heard.arrived(at: now, isAnswer: isAnswer)
            if case .open = state.phase { return isDue }
            return false
        }
    }

    /// Something is about to be sent over it. Returns whether the engine is to be told.
    func noteSending(at now: Int64) -> Bool {
        state.withLock { $0.heard.sending(at: now) }
    }

    /// The WebSocket has taken what was sent.
    func noteSent(at now: Int64) {
        state.withLock { $0.heard.sent(at: now) }
    }

    /// It is not read on for want of room: nothing can be heard, and nobody is to blame for that.
    func holdBack(at now: Int64) {
        state.withLock { $0.heard.holdBack(at: now) }
    }

    // Whose message it takes.

    /// The WebSocket is given this message, which somebody waits for or nobody.
    func take(from sender: Sender?) {
        state.withLock { $0.sender = sender }
    }

    /// The WebSocket has taken the message, or will not: it was handed over in either case, and is not sent again.
    func settleSender() {
        let sender = state.withLock { state in
            defer { state.sender = nil }
            return state.sender
        }
        sender?.settle(.success(true))
    }
}
