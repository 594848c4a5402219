import Foundation
import Steadfast
import XCTest

/// What comes into a log when an app prints what it has.
final class DescribeTests: XCTestCase {
    private var config: Config {
        var endpoint = Endpoint(
            name: "a", connect: "wss://me:secret@a.example/live?token=secret", health: HealthCheck(url: "https://me:secret@a.example/_ping?key=secret#secret"))
        var check = Config(endpoints: []).check
        check.headers = [Header(name: "cookie", value: "secret")]
        endpoint.health?.check = check
        var config = Config(endpoints: [endpoint])
        config.connectivity = [HealthCheck(url: "https://c.example/?secret")]
        config.check.headers = [Header(name: "authorization", value: "Bearer secret")]
        return config
    }

    /// All ways in which Swift prints a value.
    private func shown(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return ["\(value)", String(reflecting: value), dumped.replacingOccurrences(of: "\n", with: " ")]
    }

    private func assertNoSecrets(_ value: Any, line: UInt = #line) {
        for text in shown(value) {
            XCTAssertFalse(text.contains("secret"), text, line: line)
            XCTAssertFalse(text.unicodeScalars.contains { $0.properties.generalCategory == .control }, text, line: line)
        }
    }

    func testValuesOfHeadersBodiesAndTheSecretsOfURLsAreNotShown() {
        var config = config
        (config.check.body, config.check.expectBody) = ("secret", "secret")
        assertNoSecrets(config)
        for text in shown(config) {
            for part in ["wss://a.example/live", "https://a.example/_ping", "https://c.example/", "authorization", "cookie", "priority: 0"] {
                XCTAssertTrue(text.contains(part), "\(part) in \(text)")
            }
        }
        let answer = Answer(status: 200, headers: [Header(name: "set-cookie", value: "secret")], body: Data("secret".utf8), latency: .milliseconds(1))
        assertNoSecrets(Outcome.answer(answer))
        assertNoSecrets([Message.text("secret"), .binary(Data("secret".utf8))])
        XCTAssertEqual("\(Header(name: "cookie", value: "secret"))", #"Header(name: "cookie", value: "..")"#)
    }

    func testWhatALinkHandsOutShowsNoSecrets() throws {
        let link = try Steadfast.start(config, transport: URLSessionTransport())
        defer { link.stop() }
        assertNoSecrets(link.snapshot)
        assertNoSecrets(link.active)
        XCTAssertTrue("\(link.snapshot)".contains("wss://a.example/live"))
    }

    func testWhatASocketIsMadeOfIsNotShown() throws {
        let headers = [Header(name: "authorization", value: "Bearer secret")]
        let url = URL(string: "wss://me:secret@a.example/secret?token=secret")!
        assertNoSecrets(WebSocketRequest(url: url, protocols: ["chat", "token.secret"], headers: headers))
        let options = SocketOptions(protocols: ["chat", "token.secret"], headers: .value(headers))
        assertNoSecrets(options)
        assertNoSecrets(options.protocols)
        assertNoSecrets(options.headers)
        assertNoSecrets(Provided.value("/secret"))
        for child in Mirror(reflecting: options).children { assertNoSecrets(child.value) }
        let link = try Steadfast.start(config, transport: URLSessionTransport())
        defer { link.stop() }
        assertNoSecrets(try link.socket("?token=secret", options: options, using: FakeSockets()))
    }

    func testALineStaysALine() {
        assertNoSecrets(Endpoint(name: "a\nERROR b", connect: "wss://a.example/\r\n", health: HealthCheck(url: "https://a.example/\u{1b}[2J")))
        XCTAssertThrowsError(try Config(json: #"{ "a\nERROR b": 1, "endpoints": [] }"#)) { error in
            let problems = (error as? ConfigError)?.problems ?? []
            XCTAssertTrue(problems.allSatisfy { !"\($0.path)\($0.message)".contains("\n") }, "\(error)")
            XCTAssertFalse(problems.isEmpty)
        }
    }
}
