/// What a record shows of itself: its name and the fields of its mirror, in one line.
func describe(_ record: some CustomReflectable) -> String {
    let fields = record.customMirror.children.map { "\($0.label ?? ""): \(String(reflecting: $0.value))" }
    return oneLine("\(type(of: record))(\(fields.joined(separator: ", ")))")
}

/// The text without control characters, which would look like lines of a log's own.
package func oneLine(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
}
