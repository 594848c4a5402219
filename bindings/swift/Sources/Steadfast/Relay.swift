import SteadfastCore

/// Passes on what the engine says. The engine holds it, so it holds the engine weakly.
final class Relay: Listener {
    let events = Broadcast<Event>()
    let activeEndpoints = Broadcast<Endpoint>()

    private struct State {
        weak var core: Core?
        /// By the numbers that the engine knows them by.
        var sockets: [Int64: SteadfastSocket] = [:]
        var nextNumber: Int64 = 0
        var finished = false
    }

    private let state = Locked(State())
    private let store: (any StateStore)?

    init(store: (any StateStore)?) {
        self.store = store
    }

    func attach(_ core: Core) {
        state.withLock { $0.core = core }
    }

    /// Holds the socket that is made for a number. After the end there is nothing to follow: the socket is ended.
    func hold(_ make: (Int64) -> SteadfastSocket) -> SteadfastSocket {
        let number = state.withLock { state in
            defer { state.nextNumber += 1 }
            return state.nextNumber
        }
        let socket = make(number)
        let finished = state.withLock { state in
            if !state.finished { state.sockets[number] = socket }
            return state.finished
        }
        if finished { socket.end() } else { core?.connect(socket: number) }
        return socket
    }

    /// Holds a socket no more.
    func letGo(_ number: Int64) {
        let held = state.withLock { $0.sockets.removeValue(forKey: number) }
        if held != nil { core?.disconnect(socket: number) }
    }

    func finish() {
        events.finish()
        activeEndpoints.finish()
        let sockets = state.withLock { state in
            state.finished = true
            defer { state.sockets = [:] }
            return state.sockets.values
        }
        sockets.forEach { $0.end() }
    }

    func onEvent(at: Int64, event: Event) throws {
        if case .switched = event, let core {
            activeEndpoints.send(core.active())
        }
        events.send(event)
    }

    func onPersist() throws {
        if let store, let core {
            store.save(core.save())
        }
    }

    func onConnect(id: Int64, socket: Int64, endpoint: Endpoint) throws {
        state.withLock { $0.sockets[socket] }?.open(id, endpoint)
    }

    func onPromote(id: Int64) throws {
        socket(carrying: id)?.promote(id)
    }

    func onDisconnect(id: Int64, reason: DisconnectReason) throws {
        socket(carrying: id)?.release(id, reason)
    }

    private var core: Core? { state.withLock { $0.core } }

    /// The socket that this connection was opened for, if the socket is held still. There are few, and this is rarely asked.
    private func socket(carrying id: Int64) -> SteadfastSocket? {
        state.withLock { $0.sockets.values }.first { $0.carries(id) }
    }
}
