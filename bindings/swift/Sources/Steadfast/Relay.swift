import SteadfastCore

/// Passes on what the engine says. The engine holds it, so it holds the engine weakly.
final class Relay: Listener {
    let events = Broadcast<Event>()
    let activeEndpoints = Broadcast<Endpoint>()

    private struct State {
        weak var core: Core?
        var connection: Connection?
        var finished = false
    }

    private let state = Locked(State())
    /// Held until the engine has been told of a change of connection: the end of one could otherwise reach it after the next has begun, and end that.
    private let turn = Locked(())
    private let store: (any StateStore)?

    init(store: (any StateStore)?) {
        self.store = store
    }

    func attach(_ core: Core) {
        state.withLock { $0.core = core }
    }

    /// Makes the connection the one that follows the active endpoint. After the end there is nothing to follow: it is ended.
    func hold(_ connection: Connection) throws {
        try turn.withLock { _ in
            let finished = try state.withLock { state in
                if state.finished { return true }
                guard state.connection == nil else { throw SteadfastError.alreadyConnected }
                state.connection = connection
                return false
            }
            if finished { connection.end() } else { core?.connect() }
        }
    }

    /// Lets go of the connection, if it is the one.
    func release(_ connection: Connection) {
        turn.withLock { _ in
            let held = state.withLock { state in
                guard state.connection === connection else { return false }
                state.connection = nil
                return true
            }
            if held { core?.disconnect() }
        }
    }

    func finish() {
        events.finish()
        activeEndpoints.finish()
        let last = state.withLock { state in
            state.finished = true
            defer { state.connection = nil }
            return state.connection
        }
        last?.end()
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

    func onConnect(id: Int64, endpoint: Endpoint) throws {
        connection?.open(id, endpoint)
    }

    func onPromote(id: Int64) throws {
        connection?.promote(id)
    }

    func onDisconnect(id: Int64, reason: DisconnectReason) throws {
        connection?.release(id)
    }

    private var core: Core? { state.withLock { $0.core } }
    private var connection: Connection? { state.withLock { $0.connection } }
}
