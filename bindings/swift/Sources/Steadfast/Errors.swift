import SteadfastCore

/// A config, or endpoints, were refused; nothing has changed.
public struct ConfigError: Error, Equatable, CustomStringConvertible {
    /// Everything that is wrong, each with its place and what is allowed there.
    public let problems: [Problem]

    /// All problems, a line each.
    public var description: String {
        "invalid config" + problems.map { "\n  \($0.path): \($0.message)" }.joined()
    }
}

/// What a ``Steadfast`` or its sockets refuse, or ended by. Of a config it is a ``ConfigError``, of a circuit breaker a ``CircuitOpenError``.
public enum SteadfastError: Error, Equatable, CustomStringConvertible {
    /// No endpoint is called `name`; those that there are, are the `known` ones.
    case unknownEndpoint(name: String, known: [String])
    /// A socket's path leads to no endpoint; the `reason` says what is wrong with it.
    case pathRefused(reason: String)
    /// A socket cannot be closed with this code or reason; the `reason` says which are allowed.
    case closeRefused(reason: String)
    /// A socket is closed for good.
    case socketClosed
    /// There is no room in a socket's queue, and it is to refuse messages then.
    case queueFull
    /// What a connection waited for took too long: itself, or a function of the app's.
    case notInTime(String)
    /// The transport's `sleep` threw, so nothing is watched any more.
    case timerFailed(reason: String)

    /// What it means, in one sentence.
    public var description: String {
        switch self {
        case .unknownEndpoint(let name, let known): "no endpoint is called \"\(name)\"; there are: \(known.joined(separator: ", "))"
        case .pathRefused(let reason): "the socket's path is refused: \(reason)"
        case .closeRefused(let reason): "the socket cannot be closed so: \(reason)"
        case .socketClosed: "the socket is closed"
        case .queueFull: "there is no room in the socket's queue"
        case .notInTime(let what): "\(what) took too long"
        case .timerFailed(let reason): "the transport's sleep failed, so nothing is watched any more: \(reason)"
        }
    }
}

/// Does `work`, and says by a ``ConfigError`` what it refuses.
func refusing<Result>(_ work: () throws -> Result) throws -> Result {
    do {
        return try work()
    } catch CoreConfigError.Invalid(let problems) {
        throw ConfigError(problems: problems)
    }
}
