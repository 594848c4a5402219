import Foundation
import Steadfast
import XCTest

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Real servers that misbehave on command, in a process of their own.
final class Testbed {
    private let process = Process()
    private let control: String

    /// Endpoints, in the order of their names.
    let endpoints: [Endpoint]

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../..").standardized
        process.executableURL = root.appendingPathComponent("target/debug/steadfast-testbed")
        let free = ["--endpoint", "primary=127.0.0.1:0", "--endpoint", "secondary=127.0.0.1:0"]
        process.arguments = ["--control", "127.0.0.1:0"] + free
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var printed = ""
        while !printed.contains("control") || !printed.hasSuffix("\n") {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else { throw Broken(description: "the testbed did not start") }
            printed += String(decoding: piece, as: UTF8.self)
        }
        let lines = printed.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        control = lines.first { $0[0] == "control" }?[1] ?? ""
        endpoints = lines.filter { $0[0] != "control" }.sorted { $0[0] < $1[0] }.map { words in
            Endpoint(name: words[0], connect: words[1], health: HealthCheck(url: words[2]))
        }
    }

    deinit {
        // What `Process` starts has the signals that would end it blocked on Linux.
        kill(process.processIdentifier, SIGKILL)
    }

    /// Ends a server, and waits until nobody listens any more.
    func end(_ endpoint: String) async throws {
        try await fault(endpoint, "\"kill\"")
        let url = URL(string: endpoints.first { $0.name == endpoint }!.connect)!
        while (try? PlainSocket(url)) != nil { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Puts a fault, as JSON, on an endpoint.
    func fault(_ endpoint: String, _ fault: String) async throws {
        var request = URLRequest(url: URL(string: "\(control)/\(endpoint)/fault")!)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        request.httpBody = Data(fault.utf8)
        let (_, response) = try await URLSession.shared.data(for: request)
        guard let status = (response as? HTTPURLResponse)?.statusCode, (200..<300).contains(status) else {
            throw Broken(description: "the testbed refuses \(fault)")
        }
    }
}

struct Broken: Error, CustomStringConvertible {
    let description: String
}

extension XCTestCase {
    /// Waits until it holds, for 20 seconds at most.
    func until(_ holds: () -> Bool) async throws {
        for _ in 0..<4_000 where !holds() { try await Task.sleep(for: .milliseconds(5)) }
        XCTAssertTrue(holds())
    }
}
