import Foundation
import SteadfastCore

/// What opens WebSockets: ``URLSessionConnector`` on Apple's systems, or one of your own.
public protocol WebSocketConnector: Sendable {
    /// Opens a WebSocket; returns once it is open. The task is cancelled if it is not wanted any more. Throws ``UpgradeRefused`` if the server
    /// has answered with another HTTP status than 101, and anything else when there is no connection.
    func open(_ request: WebSocketRequest) async throws -> any WebSocket
}

/// The WebSocket that is to be opened. Printed, it shows neither its path, nor subprotocols, nor values of headers: each may be a token.
public struct WebSocketRequest: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where it leads.
    public let url: URL
    /// The subprotocols that are offered, the preferred one first.
    public let protocols: [String]
    /// Headers that go with the request for the upgrade.
    public let headers: [Header]

    public init(url: URL, protocols: [String] = [], headers: [Header] = []) {
        self.url = url
        self.protocols = protocols
        self.headers = headers
    }

    public var description: String {
        "WebSocketRequest(host: \(url.host ?? ""), protocols: \(protocols.count), headers: \(headers.map(\.name)))"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// An open WebSocket. Its owner calls `send` for one message after the other, and so `receive`.
public protocol WebSocket: Sendable {
    /// The next message. Throws ``WebSocketClosed`` when the server has closed it, and anything else when it broke.
    func receive() async throws -> Message

    /// Sends a message; returns once the connection has room for another one.
    func send(_ message: Message) async throws

    /// Begins to close it, and returns at once. What the server had sent before it closed as well is still received; then `receive` throws.
    func close(code: Int, reason: String)

    /// Lets go of it at once, closed or not: `receive` and `send` throw.
    func cancel()
}

/// The server has closed a WebSocket.
public struct WebSocketClosed: Error, Equatable {
    /// With this close code.
    public let code: Int
    /// With this reason.
    public let reason: String

    public init(code: Int, reason: String = "") {
        self.code = code
        self.reason = reason
    }
}

/// The server has not let a WebSocket be opened.
public struct UpgradeRefused: Error, Equatable, CustomStringConvertible {
    /// With this HTTP status.
    public let status: Int

    public init(status: Int) {
        self.status = status
    }

    public var description: String { "the server refused the upgrade to a WebSocket with HTTP status \(status)" }
}
