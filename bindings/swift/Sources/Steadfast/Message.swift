import Foundation
import SteadfastCore

/// A message over a ``SteadfastSocket``. Printed, it shows how long it is, and not what it says.
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

    /// How many bytes it is on the wire.
    var size: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}
