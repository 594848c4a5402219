import SteadfastCore

/// Passes on what the engine says. The engine holds it, so it holds the engine weakly.
final class Relay: Listener {
    let events = Broadcast<Event>()
    let activeEndpoints = Broadcast<Endpoint>()

    private struct State {
        weak var core: Core?
        var connection: Connection?
    }

    private let state = Locked(State())
    private let store: (any StateStore)?

    init(store: (any StateStore)?) {
        self.store = store
    }

    func attach(_ core: Core) {
        state.withLock { $0.core = core }
    }

    /// Whether the connection is now the one.
    func hold(_ connection: Connection) -> Bool {
        state.withLock { state in
            guard state.connection?.isOpen != true else { return false }
            state.connection = connection
            return true
        }
    }

    func release() {
        state.withLock { $0.connection = nil }
    }

    func finish() {
        events.finish()
        activeEndpoints.finish()
        connection?.end()
    }

    func onEvent(at: Int64, event: Event) throws {
        if case .switched = event, let core = state.withLock({ $0.core }) {
            activeEndpoints.send(core.active())
        }
        events.send(event)
    }

    func onPersist() throws {
        if let store, let core = state.withLock({ $0.core }) {
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

    private var connection: Connection? { state.withLock { $0.connection } }
}
