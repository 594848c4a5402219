import SteadfastCore

/// A value, or a function that is asked for it anew for each connection, as for a token that expires.
///
/// A function that throws, or takes longer than `connectTimeout`, ends the attempt. No server is blamed for that, and the next attempt asks again.
/// The socket tells of it by ``SocketEvent/lost(endpoint:code:reason:error:)`` or, while another connection is open, by
/// ``SocketEvent/moveFailed(to:error:)``. A function that is late is cancelled.
///
/// Printed, it does not show the value, which may be a token.
public enum Provided<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The same for each connection.
    case value(Value)
    /// Asked for each connection.
    case perConnection(@Sendable () async throws -> Value)

    public var description: String {
        switch self {
        case .value: "value(..)"
        case .perConnection: "perConnection(..)"
        }
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The value, as far as nobody has to be asked.
    var known: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    func ask() async throws -> Value {
        switch self {
        case .value(let value): value
        case .perConnection(let provide): try await provide()
        }
    }
}

extension Provided: ExpressibleByArrayLiteral where Value: RangeReplaceableCollection {
    public init(arrayLiteral elements: Value.Element...) {
        self = .value(Value(elements))
    }
}

/// How a ``SteadfastSocket`` is held. Printed, it shows neither subprotocols nor headers.
public struct SocketOptions: Sendable {
    /// The subprotocols that are offered, the preferred one first.
    public var protocols: Provided<[String]>
    /// Headers that go with each request for a connection, as `authorization`.
    public var headers: Provided<[Header]>
    /// How much may wait for a connection.
    public var queue: QueueLimits
    /// Close codes that end the socket for good, for another attempt would meet the same: by default 4401 and 4403. An upgrade that is answered
    /// with HTTP status 401 or 403 always does.
    public var stopCodes: [Int]
    /// How a connection on which nothing arrives is asked for a sign of life. By default it is not. Its ``Ping/within`` must be longer than the
    /// largest message takes on the slowest network that counts.
    public var ping: Ping?
    /// Prepares a new connection before it takes over from an open one, as by a log-in or a subscription. If it throws, or takes longer
    /// than `connectTimeout`, the old connection stays, no server is blamed, and the socket tells of it
    /// (``SocketEvent/moveFailed(to:error:)``). A hook that is late is cancelled.
    public var onMigrate: (@Sendable (Migration) async throws -> Void)?

    public init(
        protocols: Provided<[String]> = [], headers: Provided<[Header]> = [], queue: QueueLimits = QueueLimits(), stopCodes: [Int]? = nil,
        ping: Ping? = nil, onMigrate: (@Sendable (Migration) async throws -> Void)? = nil
    ) {
        self.protocols = protocols
        self.headers = headers
        self.queue = queue
        self.stopCodes = stopCodes ?? SteadfastCore.stopCodes().map(Int.init)
        self.ping = ping
        self.onMigrate = onMigrate
    }
}

/// How a silent connection is asked for a sign of life, in the words of the app's own protocol.
///
/// A ping waits behind the messages that are being sent, and its time begins anew with each of them that has left. How far a single message has got
/// cannot be seen: if it takes longer than ``within`` to leave, and nothing arrives meanwhile, that is taken for silence.
public struct Ping: Sendable {
    /// It is asked when nothing has arrived for so long.
    public var every: Duration
    /// Within this time something must arrive. If not, that is evidence against the endpoint, and the connection is replaced.
    /// It must be longer than the largest message takes on the slowest network that counts.
    public var within: Duration
    /// What is sent.
    public var message: @Sendable () -> Message
    /// Recognises the answer: then nothing else will do. The answer is not delivered to the app.
    public var isAnswer: (@Sendable (Message) -> Bool)?

    public init(
        every: Duration, within: Duration, message: @autoclosure @escaping @Sendable () -> Message, isAnswer: (@Sendable (Message) -> Bool)? = nil
    ) {
        self.every = every
        self.within = within
        self.message = message
        self.isAnswer = isAnswer
    }
}
