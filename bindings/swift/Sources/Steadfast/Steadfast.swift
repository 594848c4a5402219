import SteadfastCore

/// Keeps an app connected to an endpoint that works.
///
/// It watches the endpoints of its config, and ``active`` is at any time the one that the app should be connected to. It runs from
/// ``start(_:transport:seed:store:)`` until ``stop()``, which happens at the latest when nobody holds it any more.
///
/// ```swift
/// let link = try Steadfast.start(Config(endpoints: [
///     Endpoint(name: "primary", connect: "wss://a.example/live", health: HealthCheck(url: "https://a.example/_ping")),
///     Endpoint(name: "secondary", connect: "wss://b.example/live", health: HealthCheck(url: "https://b.example/_ping")),
/// ]))
/// for await endpoint in link.activeEndpoints {
///     print("connect to", endpoint.connect)
/// }
/// ```
///
/// All members may be called from any task or thread, and do nothing once it has ended.
public final class Steadfast: Sendable {
    let core: Core
    private let relay: Relay
    private let transport: any Transport
    private let connectTimeout: Duration
    private let running: Task<Void, any Error>

    /// Starts watching.
    ///
    /// - Parameters:
    ///   - config: What to watch, and how.
    ///   - transport: How endpoints are asked; by default `URLSession`.
    ///   - seed: Makes every random decision repeatable, for tests.
    ///   - store: Where what has been learnt is kept for the next start, which then begins with the last good endpoint. By default nowhere.
    /// - Throws: ``ConfigError`` with everything that is wrong with the config.
    public static func start(
        _ config: Config, transport: any Transport = URLSessionTransport(), seed: Int? = nil, store: (any StateStore)? = nil
    ) throws -> Steadfast {
        let relay = Relay(store: store)
        let core = try refusing {
            try Core(config: config, platform: PlatformAdapter(transport), listener: relay, seed: seed.map(Int64.init), saved: store?.load())
        }
        relay.attach(core)
        return Steadfast(core: core, relay: relay, transport: transport, connectTimeout: config.connectTimeout)
    }

    private init(core: Core, relay: Relay, transport: any Transport, connectTimeout: Duration) {
        self.core = core
        self.relay = relay
        self.transport = transport
        self.connectTimeout = connectTimeout
        // It holds the engine, and not the link: a link that nobody holds any more stops it.
        running = Task { [core, relay] in
            defer { relay.finish() }
            do {
                try await core.run()
            } catch CoreRunError.Timer(let reason) {
                throw SteadfastError.timerFailed(reason: reason)
            }
        }
    }

    deinit {
        core.stop()
    }

    /// The endpoint that the app should be connected to.
    public var active: Endpoint { core.active() }

    /// The active endpoint, and from then on each one that takes over. It ends when watching does.
    public var activeEndpoints: AsyncStream<Endpoint> { relay.activeEndpoints.stream { active } }

    /// What happens from now on, as it happens. It ends when watching does; a reader that falls behind by more than 256 events misses
    /// the oldest.
    public var events: AsyncStream<Event> { relay.events.stream() }

    /// What is known at this moment.
    public var snapshot: Snapshot { core.snapshot() }

    /// Waits until watching has ended. If the calling task is cancelled, watching is stopped.
    ///
    /// - Throws: ``SteadfastError/timerFailed(reason:)`` if the transport's `sleep` threw.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            core.stop()
        }
    }

    /// Checks the active endpoint at once, even while the app is in the background: for a push message or a background task.
    ///
    /// - Returns: What came of it, or `nil` if watching has been stopped before.
    public func checkNow() async -> CheckReport? {
        await core.checkNow()
    }

    /// Ranks the endpoint of this name first from now on, and moves to it as soon as it is healthy; `nil` takes that back.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func prefer(_ name: String?) throws {
        core.prefer(name: try name.map(known))
    }

    /// Why the engine thinks what it thinks of an endpoint, by default of the active one: the evidence that led to its last verdict, and what
    /// each piece weighed.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func explain(_ name: String? = nil) throws -> Explanation {
        // Of an endpoint that is there, or of the active one, there is always something to say.
        let asked = try known(name ?? active.name)
        guard let explanation = core.explain(name: asked) else { throw SteadfastError.unknownEndpoint(name: asked, known: snapshot.endpoints.map(\.name)) }
        return explanation
    }

    /// What the endpoints have been like in the last `period`.
    public func report(over period: Duration = .seconds(86_400)) -> Report {
        core.report(period: period)
    }

    /// What is and was done about failures, oldest first: the last 32 actions. It is on with `config.recovery.enabled`.
    public var recoveries: [RecoveryAction] { core.recoveries() }

    /// Calls `recover` with every action about a failure that is not for a client to do (a restart, one more instance), until the returned task
    /// is cancelled or watching ends. Whether it helped is what it returns; what it throws is why not.
    public func onRecovery(_ recover: @escaping @Sendable (RecoveryAction) async throws -> Bool) -> Task<Void, Never> {
        let events = events
        return Task { [core] in
            for await event in events {
                guard case .recovery(let action) = event, action.ok == nil else { continue }
                do {
                    core.recoveryEnded(id: UInt32(clamping: action.id), ok: try await recover(action), error: nil)
                } catch {
                    core.recoveryEnded(id: UInt32(clamping: action.id), ok: false, error: "\(error)")
                }
            }
        }
    }

    /// Says that an endpoint is not to be used for a while. The app moves away from it gently.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func beginMaintenance(of name: String) throws {
        core.beginMaintenance(name: try known(name))
    }

    /// Says that an endpoint may be used again. The app goes back as after a failure.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func endMaintenance(of name: String) throws {
        core.endMaintenance(name: try known(name))
    }

    /// Lets an endpoint's circuit breaker refuse every request, until ``release(_:)``.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func isolate(_ name: String) throws {
        core.isolate(name: try known(name), isolated: true)
    }

    /// Lets the circuit breaker of an isolated endpoint begin anew.
    ///
    /// - Throws: ``SteadfastError/unknownEndpoint(name:known:)`` if no endpoint has that name.
    public func release(_ name: String) throws {
        core.isolate(name: try known(name), isolated: false)
    }

    func known(_ name: String) throws -> String {
        let names = snapshot.endpoints.map(\.name)
        guard names.contains(name) else { throw SteadfastError.unknownEndpoint(name: name, known: names) }
        return name
    }

    /// Replaces the endpoints. Those that stay the same keep what is known of them.
    ///
    /// - Throws: ``ConfigError`` with everything that is wrong with them; nothing changes then.
    public func setEndpoints(_ endpoints: [Endpoint]) throws {
        try refusing { try core.setEndpoints(endpoints: endpoints) }
    }

    /// Says what the platform says of the network. On Apple's systems, ``AppleSignals`` does it.
    public func setNetwork(_ status: NetworkStatus) {
        core.setNetwork(network: status)
    }

    /// Says what the platform says of the app. On Apple's systems, ``AppleSignals`` does it.
    public func setLifecycle(_ lifecycle: Lifecycle) {
        core.setLifecycle(lifecycle: lifecycle)
    }

    /// Holds a WebSocket to the active endpoint, wherever that moves; any number of them. Once watching has ended, a socket is closed at once.
    ///
    /// - Parameters:
    ///   - path: Where it leads at each endpoint, as `/chat?room=1`: relative to the endpoint's `connect` URL, whose host it never leaves.
    ///   - sockets: What opens its connections.
    /// - Throws: ``SteadfastError/pathRefused(reason:)`` if the path leads to no endpoint.
    public func socket(_ path: String = "", options: SocketOptions = SocketOptions(), using sockets: any WebSocketConnector) throws -> SteadfastSocket {
        try socket(.value(path), options: options, using: sockets)
    }

    /// Holds a WebSocket to the active endpoint, wherever that moves, whose path may be another one for each connection.
    ///
    /// - Throws: ``SteadfastError/pathRefused(reason:)`` if the path is known and leads to no endpoint.
    public func socket(
        _ path: Provided<String>, options: SocketOptions = SocketOptions(), using sockets: any WebSocketConnector
    ) throws -> SteadfastSocket {
        if let path = path.known { _ = try core.address(of: path, at: active) }
        return relay.hold { number in
            SteadfastSocket(
                SocketSetup(
                    number: number, path: path, options: options, core: core, sockets: sockets, clock: transport, connectTimeout: connectTimeout,
                    leave: { [weak relay] in relay?.letGo($0) }))
        }
    }

    /// Ends everything: checks are cancelled, sockets are closed, and ``active`` stays as it was.
    public func stop() {
        core.stop()
    }
}

/// Where what has been learnt is kept from one start to the next: a file, `UserDefaults`. It holds no URLs.
public protocol StateStore: Sendable {
    /// What was saved last, if anything.
    func load() -> String?

    /// Saves it in place of what was saved before. It must not block for long.
    func save(_ state: String)
}
