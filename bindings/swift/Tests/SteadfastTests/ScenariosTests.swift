import Foundation
import Steadfast
import XCTest

/// Every scenario goes here as it goes in Rust: the same events at the same milliseconds, through the public interface.
final class ScenariosTests: XCTestCase {
    func testEveryScenarioGoesAsInRust() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../../target/scenarios").standardized
        let scripts = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.path < $1.path }
        XCTAssertGreaterThanOrEqual(scripts.count, 20, "in \(folder.path); `cargo xtask swift` writes them")
        var results: [String: Any] = [:]
        for file in scripts {
            let name = file.deletingPathExtension().lastPathComponent
            let script = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? JSON)
            do {
                results[name] = try TestExecutor.replacingTheGlobalOne { try Replay(script).run() }
            } catch {
                results[name] = "\(error)"
                XCTFail("\(name): \(error)")
            }
        }
        let written = folder.appendingPathComponent("results")
        try FileManager.default.createDirectory(at: written, withIntermediateDirectories: true)
        try JSONSerialization.data(withJSONObject: results).write(to: written.appendingPathComponent("swift.json"))
    }
}

private typealias JSON = [String: Any]

/// What went otherwise than in Rust.
private struct Difference: Error, CustomStringConvertible {
    let description: String
}

/// Plays the world of a script, and compares.
private final class Replay {
    private let script: JSON
    private let world = VirtualWorld()
    private let link: Steadfast
    private let sockets: ReplayedSockets
    private let events = Collected()
    /// By the numbers that the script knows them by.
    private var held: [Int64: SteadfastSocket] = [:]

    init(_ script: JSON) throws {
        self.script = script
        let config = try Config(json: String(decoding: JSONSerialization.data(withJSONObject: script["config"] as Any), as: UTF8.self))
        sockets = ReplayedSockets(world)
        link = try Steadfast.start(config, transport: world, seed: Int(script.number("seed")))
    }

    /// Returns how many events were the same.
    func run() throws -> Int {
        let stream = link.events
        Task { [world, events] in
            for await event in stream { events.append(world.time, event) }
        }
        var inputs = (script["inputs"] as? [JSON] ?? [])[...]
        // What holds from the start on is told before the engine runs.
        while let first = inputs.first, first.number("atMs") == 0, !first.isArrival { try tell(inputs.removeFirst()) }
        world.settle()
        let end = script.number("durationMs")
        var asleepUntil: Int64 = 0
        let grid = script["timersMs"] == nil ? 1 : script.number("timersMs")
        while true {
            let timer = world.nextTimer.map { (max($0, asleepUntil) + grid - 1) / grid * grid }
            let at = inputs.first?.number("atMs")
            let inputIsNext = at.map { at in timer.map { at < $0 || (at == $0 && isPossible(inputs.first)) } ?? true } ?? false
            guard let next = inputIsNext ? at : timer, next <= end else { break }
            world.advance(to: next)
            if !inputIsNext {
                world.fireTimer()
            } else if inputs.first?.word == "sleeps" {
                asleepUntil = next + inputs.removeFirst().number("durationMs")
            } else {
                try tell(inputs.removeFirst())
            }
        }
        try compare()
        let same = events.all.count
        link.stop()
        world.settle()
        return same
    }

    private func isPossible(_ input: JSON?) -> Bool {
        guard let input, ["failure", "answer"].contains(input.word) else { return true }
        return world.isChecking(input.text("endpoint"), input.number("number"))
    }

    private func tell(_ input: JSON) throws {
        switch input.word {
        case "failure": world.answer(input.text("endpoint"), input.number("number"), .failure(try FailureKind(word: input.text("kind"))))
        case "answer": world.answer(input.text("endpoint"), input.number("number"), answer(input))
        case "opened": sockets.open(input.number("id"))
        case "closed": sockets.close(input.number("id"), code: (input["code"] as? NSNumber).map { Int(truncating: $0) })
        case "received": sockets.receive(input.number("id"))
        case "sent": Task { [connection] in await connection?.send(.text("a request")) }
        case "network": link.setNetwork(["online": .online, "offline": .offline, "changed": .changed][input.text("network")]!)
        case "lifecycle":
            let words: [String: Lifecycle] = ["foreground": .foreground, "background": .background, "frozen": .frozen, "resumed": .resumed]
            link.setLifecycle(words[input.text("lifecycle")]!)
        case "checkNow": Task { [link] in await link.checkNow() }
        case "beginMaintenance": try link.beginMaintenance(of: input.text("endpoint"))
        case "endMaintenance": try link.endMaintenance(of: input.text("endpoint"))
        case "prefer": try link.prefer(input["endpoint"] as? String)
        case "setEndpoints":
            let json = String(decoding: try JSONSerialization.data(withJSONObject: ["endpoints": input["endpoints"] as Any]), as: UTF8.self)
            try link.setEndpoints(Config(json: json).endpoints)
        case "connect":
            let number = input.number("socket")
            guard held[number] == nil else { break }
            let socket = try link.socket(using: sockets)
            held[number] = socket
            Task { for await _ in socket.messages {} }
        case "disconnect": try held.removeValue(forKey: input.number("socket"))?.close()
        case "reconnect":
            if let number = input["socket"] as? NSNumber { held[number.int64Value]?.reconnect() } else { held.sorted { $0.key < $1.key }.forEach { $0.value.reconnect() } }
        case "isolate": try link.isolate(input.text("endpoint"))
        case "release": try link.release(input.text("endpoint"))
        case "reportSuccess": try link.reportSuccess(of: input.text("endpoint"))
        case "reportFailure": try link.reportFailure(of: input.text("endpoint"))
        case "stop": link.stop()
        case let unknown: throw Difference(description: "unknown input \(unknown)")
        }
        world.settle()
    }

    private func answer(_ input: JSON) -> Outcome {
        let headers = (input["headers"] as? [String: String] ?? [:]).map { Header(name: $0.key, value: $0.value) }
        let latency = Duration.milliseconds(input.number("latencyMs"))
        return .answer(Answer(status: Int(input.number("status")), headers: headers, body: Data(input.text("body").utf8), latency: latency))
    }

    private func compare() throws {
        let expected = (script["events"] as? [JSON] ?? []).map { $0 as NSDictionary }
        try same("event", expected, try events.all.map { at, event in
            var told = try JSONSerialization.jsonObject(with: Data(event.json.utf8)) as? JSON ?? [:]
            told["at_ms"] = at
            return told as NSDictionary
        })
        let checks = (script["checks"] as? [JSON] ?? []).map {
            VirtualWorld.BegunCheck(atMs: $0.number("atMs"), endpoint: $0.text("endpoint"), timeoutMs: $0.number("timeoutMs"))
        }
        try same("check", checks, world.begun)
        let connections = (script["connections"] as? [JSON] ?? []).map { "\($0.number("atMs")) \($0.text("endpoint"))" }
        try same("connection", connections, sockets.opened)
    }

    /// Says the first difference; the lists are long.
    private func same<Item: Equatable>(_ what: String, _ expected: [Item], _ came: [Item]) throws {
        for index in 0..<max(expected.count, came.count) {
            let (one, other) = (index < expected.count ? expected[index] : nil, index < came.count ? came[index] : nil)
            if one != other {
                throw Difference(description: "\(what) number \(index) should be \(one.map { "\($0)" } ?? "none"), is \(other.map { "\($0)" } ?? "none")")
            }
        }
    }
}

/// Events and when they came. One thread touches it.
private final class Collected: @unchecked Sendable {
    private(set) var all: [(Int64, Event)] = []

    func append(_ at: Int64, _ event: Event) {
        all.append((at, event))
    }
}

/// Opens nothing: each socket does what the script says. One thread touches it.
private final class ReplayedSockets: WebSocketConnector, @unchecked Sendable {
    private let world: VirtualWorld
    private var opening: [Int64: CheckedContinuation<any WebSocket, any Error>] = [:]
    private var sockets: [Int64: ReplayedSocket] = [:]
    private(set) var opened: [String] = []

    init(_ world: VirtualWorld) {
        self.world = world
    }

    func open(_ request: WebSocketRequest) async throws -> any WebSocket {
        opened.append("\(world.time) \((request.url.host ?? "").replacingOccurrences(of: ".example", with: ""))")
        // The engine counts connections from one.
        let id = Int64(opened.count)
        return try await withCheckedThrowingContinuation { opening[id] = $0 }
    }

    func open(_ id: Int64) {
        let socket = ReplayedSocket()
        sockets[id] = socket
        opening.removeValue(forKey: id)?.resume(returning: socket)
    }

    func close(_ id: Int64, code: Int?) {
        let error: any Error = code.map { WebSocketClosed(code: $0) } ?? URLError(.networkConnectionLost)
        opening.removeValue(forKey: id)?.resume(throwing: error)
        sockets[id]?.told.finish(throwing: error)
    }

    func receive(_ id: Int64) {
        sockets[id]?.told.yield(.text("a message"))
    }
}

private final class ReplayedSocket: WebSocket {
    let told: AsyncThrowingStream<Message, any Error>.Continuation
    private let messages: AsyncThrowingStream<Message, any Error>

    init() {
        (messages, told) = AsyncThrowingStream.makeStream()
    }

    func receive() async throws -> Message {
        for try await message in messages { return message }
        throw CancellationError()
    }

    func send(_ message: Message) async throws {}

    func close(code: Int, reason: String) {
        told.finish()
    }

    func cancel() {
        told.finish()
    }
}

extension FailureKind {
    fileprivate init(word: String) throws {
        let all: [FailureKind] = [.timeout, .refused, .unreachable, .dns, .tls, .reset, .cors, .mixedContent, .redirect, .status, .body, .reported, .unexpected]
        guard let kind = all.first(where: { "\($0)" == word }) else { throw Difference(description: "unknown failure \(word)") }
        self = kind
    }
}

extension [String: Any] {
    fileprivate func number(_ name: String) -> Int64 { (self[name] as? NSNumber)?.int64Value ?? 0 }
    fileprivate func text(_ name: String) -> String { self[name] as? String ?? "" }
    /// The word of a message to an engine, or of what happens in the world.
    fileprivate var word: String { self["message"] == nil ? text("world") : text("message") }
    fileprivate var isArrival: Bool { ["failure", "answer", "opened", "closed", "received"].contains(word) }
}
