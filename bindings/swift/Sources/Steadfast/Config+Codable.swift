import Foundation
import SteadfastCore

extension Config {
    /// Reads a config in the JSON that every platform reads.
    ///
    /// - Throws: ``ConfigError`` with everything that is wrong with it.
    public init(json: String) throws {
        self = try refusing { try configFromJson(json: json) }
    }

    /// The config as JSON, with everything spelt out.
    public var json: String { configToJson(config: self) }

    /// A config that starts from what `preset` stands for.
    public init(preset: Preset = .default, endpoints: [Endpoint]) {
        self = presetConfig(preset: preset, endpoints: endpoints)
    }
}

extension Config: Codable {
    public init(from decoder: any Decoder) throws {
        let tree = try JSONTree(from: decoder)
        try self.init(json: String(decoding: JSONEncoder().encode(tree), as: UTF8.self))
    }

    public func encode(to encoder: any Encoder) throws {
        try JSONDecoder().decode(JSONTree.self, from: Data(json.utf8)).encode(to: encoder)
    }
}

extension Event {
    /// The event as one line of JSON, for a log: without headers and URLs, which may hold secrets.
    public var json: String { eventToJson(event: self) }
}

/// Any JSON. What it means, the engine knows.
enum JSONTree: Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([JSONTree])
    case table([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONTree].self) {
            self = .list(list)
        } else {
            self = .table(try value.decode([String: JSONTree].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .integer(let integer): try value.encode(integer)
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .table(let table): try value.encode(table)
        }
    }
}
