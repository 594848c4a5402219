import Foundation
import Steadfast
import XCTest

final class ConfigTests: XCTestCase {
    func testAConfigIsReadFromJSONAndWrittenBack() throws {
        let json = #"{"endpoints":[{"name":"a","connect":"wss://a.example/","health":"https://a.example/"}],"check":{"interval":"5s"}}"#
        let config = try JSONDecoder().decode(Config.self, from: Data(json.utf8))
        XCTAssertEqual(config.check.interval, .seconds(5))
        let written = try JSONEncoder().encode(config)
        XCTAssertEqual(try JSONDecoder().decode(Config.self, from: written), config)
    }
}
