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

/// What a ``Steadfast`` refuses, or ended by. Of a config it is a ``ConfigError``, of a circuit breaker a ``CircuitOpenError``.
public enum SteadfastError: Error, Equatable, CustomStringConvertible {
    /// No endpoint is called `name`; those that there are, are the `known` ones.
    case unknownEndpoint(name: String, known: [String])
    /// It holds a connection already: close that one first.
    case alreadyConnected
    /// The transport's `sleep` threw, so nothing is watched any more.
    case timerFailed(reason: String)

    /// What it means, in one sentence.
    public var description: String {
        switch self {
        case .unknownEndpoint(let name, let known): "no endpoint is called \"\(name)\"; there are: \(known.joined(separator: ", "))"
        case .alreadyConnected: "this link holds a connection already; close that one first"
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
