import Foundation
import SteadfastCore

/// A message over a ``Connection``. Printed, it shows how long it is, and not what it says.
public enum Message: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A text.
    case text(String)
    /// Bytes.
    case binary(Data)

    public var description: String {
        switch self {
        case .text(let text): "text(\(text.count) characters)"
        case .binary(let bytes): "binary(\(bytes.count) bytes)"
        }
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What opens WebSockets: ``URLSessionConnector`` on Apple's systems, or one of your own.
public protocol WebSocketConnector: Sendable {
    /// Opens a WebSocket; returns once it is open. The task is cancelled if it is not wanted any more.
    func open(_ url: URL) async throws -> any WebSocket
}

/// An open WebSocket.
public protocol WebSocket: Sendable {
    /// The next message. Throws ``WebSocketClosed`` when the server has closed it, and anything else when it broke.
    func receive() async throws -> Message

    /// Sends a message.
    func send(_ message: Message) async throws

    /// Closes it.
    func close()
}

/// The server has closed a WebSocket.
public struct WebSocketClosed: Error {
    /// With this close code.
    public let code: Int

    public init(code: Int) {
        self.code = code
    }
}

/// A connection that follows the active endpoint: it moves by opening the new socket before it closes the old one.
///
/// What is sent while none is open is not kept; ``send(_:)`` says so. Messages that nobody reads hold the server back.
public final class Connection: Sendable {
    /// Steadfast is told of arriving messages no more often than this: that there are some is all it needs.
    private static let reportEvery: Int64 = 250
    /// How many messages wait for a reader before the server is held back.
    private static let kept = 256

    private struct Leg {
        let endpoint: Endpoint
        var socket: (any WebSocket)?
        var task: Task<Void, Never>?
    }

    private struct State {
        var legs: [Int64: Leg] = [:]
        var current: Int64?
        var reported: Int64?
        var ended = false
    }

    /// What arrives, over whichever socket. It ends when the connection is closed. One reader gets each message.
    public let messages: AsyncStream<Message>

    private let received = Mailbox<Message>(capacity: kept)
    private let state = Locked(State())
    private let core: Core
    private let sockets: any WebSocketConnector
    private let leave: @Sendable (Connection) -> Void
    private let clock: any Transport

    init(core: Core, sockets: any WebSocketConnector, clock: any Transport, leave: @escaping @Sendable (Connection) -> Void) {
        self.core = core
        self.sockets = sockets
        self.clock = clock
        self.leave = leave
        messages = received.messages
    }

    /// The endpoint that messages go to, or `nil` while there is none.
    public var endpoint: Endpoint? {
        state.withLock { state in state.current.flatMap { state.legs[$0]?.endpoint } }
    }

    /// Sends a message.
    ///
    /// - Returns: Whether there was an open socket that took it.
    @discardableResult
    public func send(_ message: Message) async -> Bool {
        let socket = state.withLock { state in state.current.flatMap { state.legs[$0]?.socket } }
        guard let socket else { return false }
        do {
            try await socket.send(message)
            return true
        } catch {
            return false
        }
    }

    /// Replaces the open socket by another one to the same endpoint, as when a heartbeat of the app's own goes unanswered.
    public func reconnect() {
        if isOpen { core.reconnect() }
    }

    /// Lets go of the connection; the watching goes on.
    public func close() {
        // First, so that whoever sees the messages end can connect anew.
        leave(self)
        end()
    }

    private var isOpen: Bool { state.withLock { !$0.ended } }

    /// Ends it: what is open is closed, and there are no more messages.
    func end() {
        let legs = state.withLock { state in
            state.ended = true
            defer { state.legs = [:] }
            return Array(state.legs.values)
        }
        legs.forEach(Self.close)
        received.finish()
    }

    func open(_ id: Int64, _ endpoint: Endpoint) {
        guard let url = URL(string: endpoint.connect) else { return core.connectionClosed(id: id, code: nil) }
        state.withLock { state in
            guard !state.ended else { return }
            // The task holds the connection only while it has something to tell it.
            let task = Task { [weak self, sockets] in
                do {
                    let socket = try await sockets.open(url)
                    guard let opened = self?.opened(id, socket), opened else { return socket.close() }
                    while true {
                        let message = try await socket.receive()
                        guard let link = self else { return socket.close() }
                        try await link.arrived(message, id)
                    }
                } catch {
                    self?.broken(id, code: (error as? WebSocketClosed)?.code)
                }
            }
            state.legs[id] = Leg(endpoint: endpoint, task: task)
        }
    }

    func promote(_ id: Int64) {
        state.withLock { $0.current = id }
    }

    func release(_ id: Int64) {
        let leg = state.withLock { state in
            if state.current == id { state.current = nil }
            return state.legs.removeValue(forKey: id)
        }
        if let leg { Self.close(leg) }
    }

    private static func close(_ leg: Leg) {
        leg.socket?.close()
        leg.task?.cancel()
    }

    private func opened(_ id: Int64, _ socket: any WebSocket) -> Bool {
        let wanted = state.withLock { state in
            guard state.legs[id] != nil else { return false }
            state.legs[id]?.socket = socket
            return true
        }
        if wanted { core.connectionOpened(id: id) }
        return wanted
    }

    private func arrived(_ message: Message, _ id: Int64) async throws {
        let now = clock.now().monotonic
        let report = state.withLock { state in
            guard state.legs[id] != nil else { return false }
            if let reported = state.reported, now < reported + Self.reportEvery { return false }
            state.reported = now
            return true
        }
        if report { core.connectionActive(id: id) }
        // Full: this socket is not read on, and TCP tells the server.
        await received.send(message)
        try Task.checkCancellation()
    }

    private func broken(_ id: Int64, code: Int?) {
        let leg = state.withLock { state in
            if state.current == id { state.current = nil }
            return state.legs.removeValue(forKey: id)
        }
        guard let leg else { return }
        // The server has closed it, or it broke: what it holds is let go of all the same.
        leg.socket?.close()
        core.connectionClosed(id: id, code: code.map(UInt16.init(clamping:)))
    }
}
