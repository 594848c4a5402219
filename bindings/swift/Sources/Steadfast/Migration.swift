import SteadfastCore

/// A new connection that is about to take over from an open one; see ``SocketOptions/onMigrate``.
///
/// The app's messages go over the old one meanwhile. What ``receive()`` returns is not delivered to the app; all else that arrives is, once the
/// new connection has taken over.
public struct Migration: Sendable {
    /// The endpoint that messages go to so far; the same as `to` if its connection is replaced.
    public let from: Endpoint
    /// The endpoint that they are to go to.
    public let to: Endpoint
    let leg: Leg
    let webSocket: any WebSocket

    /// Sends a message over the new connection.
    public func send(_ message: Message) async throws {
        try await webSocket.send(message)
    }

    /// The next message over the new connection.
    ///
    /// - Throws: `CancellationError` if there will be none, for the connection has ended or is not wanted any more.
    public func receive() async throws -> Message {
        guard let message = await leg.inbox.next() else { throw CancellationError() }
        return message
    }
}
