import Foundation
import SteadfastCore

/// What a socket is made of: where it leads, how it is held, what opens its connections, and whom it tells.
struct SocketSetup: Sendable {
    /// The socket's number at the engine.
    let number: Int64
    let path: Provided<String>
    let options: SocketOptions
    let core: Core
    let sockets: any WebSocketConnector
    let clock: any Transport
    /// Takes leave of the link.
    let leave: @Sendable (Int64) -> Void

    /// The link's clock, in milliseconds.
    var now: Int64 { clock.now().monotonic }

    /// Opens a leg's WebSocket.
    func connect(_ leg: Leg) async throws -> any WebSocket {
        try await sockets.open(try await request(for: leg))
    }

    /// What is asked of the server. Whatever goes wrong here is the app's doing.
    private func request(for leg: Leg) async throws -> WebSocketRequest {
        try await AppFault.catching {
            if let path = path.known, let protocols = options.protocols.known, let headers = options.headers.known {
                return try request(to: leg.endpoint, path, protocols, headers)
            }
            leg.enter(.asking)
            core.connectionAwaitsApp(id: leg.id)
            // Side by side: each may ask a server of its own.
            async let path = self.path.ask()
            async let protocols = options.protocols.ask()
            async let headers = options.headers.ask()
            let request = try await request(to: leg.endpoint, path, protocols, headers)
            // A function that does not listen may return long after the connection was given up.
            try Task.checkCancellation()
            leg.enter(.opening)
            core.connectionBegun(id: leg.id)
            return request
        }
    }

    private func request(to endpoint: Endpoint, _ path: String, _ protocols: [String], _ headers: [Header]) throws -> WebSocketRequest {
        let address = try core.address(of: path, at: endpoint)
        guard let url = URL(string: address) else { throw SteadfastError.pathRefused(reason: "it makes no URL") }
        return WebSocketRequest(url: url, protocols: protocols, headers: headers)
    }
}

extension Core {
    /// The URL that a socket's path leads to at an endpoint.
    func address(of path: String, at endpoint: Endpoint) throws -> String {
        do {
            return try socketUrl(endpoint: endpoint, path: path)
        } catch PathError.Refused(let reason) {
            throw SteadfastError.pathRefused(reason: reason)
        }
    }
}
