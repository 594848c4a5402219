import SteadfastCore

/// Whether a ``SteadfastSocket`` has a connection.
public enum SocketState: Sendable, Equatable {
    /// Not at the moment: what is sent waits.
    case connecting
    /// Messages go to an endpoint.
    case open
    /// For good: by ``SteadfastSocket/close(code:reason:)``, by the end of the link, or because it stopped.
    case closed
}

/// What happens to a ``SteadfastSocket``. Endpoints are told by their names.
public enum SocketEvent: Sendable {
    /// Messages go to this endpoint from now on, and none was open before. What had waited has been handed over.
    case opened(endpoint: String)
    /// The connection was lost or, while none is open, an attempt has failed: with the server's close code and reason if it closed the
    /// connection, with the error otherwise. Another attempt follows.
    case lost(endpoint: String, code: Int?, reason: String, error: (any Error)?)
    /// Another connection has taken over from an open one; to the same endpoint, if that connection was replaced.
    case moved(from: String, to: String)
    /// A connection that was to take over did not come about, by the app's own doing: a function of its own failed or took too long. The socket
    /// stays where it is, and tries again later.
    case moveFailed(to: String, error: any Error)
    /// What waits for a connection has changed: so many messages and bytes wait, and so many messages were dropped since this was told last.
    case queue(messages: Int, bytes: Int, dropped: Int)
    /// The socket is closed for good, for another attempt would meet the same.
    case stopped(StopReason)
}

/// Why a ``SteadfastSocket`` has stopped.
public enum StopReason: Sendable, Equatable {
    /// The server closed the connection with one of ``SocketOptions/stopCodes``.
    case closeCode(Int)
    /// The server answered the request for a connection with HTTP status 401 or 403.
    case unauthorized(status: Int)
}
