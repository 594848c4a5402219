import SteadfastCore

/// Keeps an app connected to an endpoint that works.
///
/// It watches the endpoints of its config, and ``active`` is at any time the one that the app should be connected to. It runs from
/// ``start(_:transport:seed:)`` until ``stop()``, which happens at the latest when nobody holds it any more.
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
    private let running: Task<Void, any Error>

    /// Starts watching.
    ///
    /// - Parameters:
    ///   - config: What to watch, and how.
    ///   - transport: How endpoints are asked; by default `URLSession`.
    ///   - seed: Makes every random decision repeatable, for tests.
    /// - Throws: ``ConfigError`` with everything that is wrong with the config.
    public static func start(_ config: Config, transport: any Transport = URLSessionTransport(), seed: UInt64? = nil) throws -> Steadfast {
        let relay = Relay()
        let core = try Core(config: config, platform: PlatformAdapter(transport), listener: relay, seed: seed)
        relay.attach(core)
        return Steadfast(core: core, relay: relay, transport: transport)
    }

    private init(core: Core, relay: Relay, transport: any Transport) {
        self.core = core
        self.relay = relay
        self.transport = transport
        // It holds the engine, and not the link: a link that nobody holds any more stops it.
        running = Task { [core, relay] in
            defer { relay.finish() }
            try await core.run()
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
    /// - Throws: ``RunError`` if the transport's `sleep` threw.
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
    /// - Throws: ``UnknownEndpoint`` if no endpoint has that name.
    public func prefer(_ name: String?) throws {
        let names = snapshot.endpoints.map(\.name)
        if let name, !names.contains(name) { throw UnknownEndpoint(name: name, known: names) }
        core.prefer(name: name)
    }

    /// Replaces the endpoints. Those that stay the same keep what is known of them.
    ///
    /// - Throws: ``ConfigError`` with everything that is wrong with them; nothing changes then.
    public func setEndpoints(_ endpoints: [Endpoint]) throws {
        try core.setEndpoints(endpoints: endpoints)
    }

    /// Says what the platform says of the network. On Apple's systems, ``AppleSignals`` does it.
    public func setNetwork(_ network: Network) {
        core.setNetwork(network: network)
    }

    /// Says what the platform says of the app. On Apple's systems, ``AppleSignals`` does it.
    public func setLifecycle(_ lifecycle: Lifecycle) {
        core.setLifecycle(lifecycle: lifecycle)
    }

    /// Holds a WebSocket to the active endpoint, wherever that moves.
    ///
    /// - Throws: ``AlreadyConnected`` if it holds one.
    public func connect(using sockets: any WebSocketConnector) throws -> Connection {
        let connection = Connection(core: core, sockets: sockets, clock: transport) { [weak relay] in relay?.release() }
        guard relay.hold(connection) else { throw AlreadyConnected() }
        core.holdConnection(wanted: true)
        return connection
    }

    /// Ends everything: checks are cancelled, the connection is closed, and ``active`` stays as it was.
    public func stop() {
        core.stop()
    }
}

/// No endpoint has this name.
public struct UnknownEndpoint: Error, CustomStringConvertible {
    /// What was asked for.
    public let name: String
    /// What there is.
    public let known: [String]

    public var description: String { "no endpoint is called \"\(name)\"; there are: \(known.joined(separator: ", "))" }
}

/// A link holds one connection at a time.
public struct AlreadyConnected: Error, CustomStringConvertible {
    public var description: String { "this link holds a connection already; close that one first" }
}
