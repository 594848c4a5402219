//! Who may see what of the generated Swift: the package all of it, an app the types that it needs.

use super::{replace_block, replace_word};
use anyhow::Result;

/// Other names of a type, by which an app would not know it.
const ALIASES: [(&str, &str); 9] = [
    ("ConnectionId", "Int64"),
    ("Endpoints", "[Endpoint]"),
    ("Headers", "[Header]"),
    ("HealthChecks", "[HealthCheck]"),
    ("Millis", "Duration"),
    ("Name", "String"),
    ("StatusPatterns", "[StatusPattern]"),
    ("Timestamp", "Int64"),
    ("Url", "String"),
];

/// The core's types: public, but for what they cross by.
pub(super) fn types(code: &str) -> String {
    let mut seen = String::with_capacity(code.len());
    for line in code.lines() {
        seen += &match line {
            line if is_internal(line) => line.replacen("public", "package", 1),
            line if is_comment(line) => line.to_owned(),
            line => ALIASES
                .iter()
                .fold(line.to_owned(), |line, (alias, name)| replace_word(&line, alias, name)),
        };
        seen.push('\n');
    }
    seen
}

/// The engine and its functions: nothing is public but the one record that an app's own transport
/// returns.
pub(super) fn core(code: &str) -> Result<String> {
    const READING: &str = "public struct ClockReading: Equatable, Hashable {";
    let mut record = String::new();
    let rest = replace_block(code, READING, "<record>")?;
    if let Some(start) = code.find(READING) {
        let end = start + code.len() - rest.len() + "<record>".len();
        record.push_str(&code[start..end]);
    }
    let mut seen = rest;
    for (word, new) in [
        ("public", "package"),
        ("open", "package"),
        // The face has errors of these names.
        ("ConfigError", "CoreConfigError"),
        ("RunError", "CoreRunError"),
    ] {
        seen = replace_word(&seen, word, new);
    }
    Ok(seen.replace("<record>", &record))
}

/// Whether the line declares what types cross by, another name of one, or one that only the face
/// needs.
fn is_internal(line: &str) -> bool {
    [
        "struct FfiConverter",
        "func FfiConverter",
        "func uniffi",
        "typealias ",
        "enum CallOutcome:",
        "enum DisconnectReason:",
        "struct Permit:",
        // The face has one with the message in it.
        "struct Ping:",
    ]
    .iter()
    .any(|what| line.strip_prefix("public ").is_some_and(|rest| rest.starts_with(what)))
}

/// Whether the line is documentation only; a parameter may follow its end.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('*') && !line.starts_with("*/") || line.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_sees_types_by_their_names_and_no_converters() {
        let code = "public struct Endpoint {\n     * Its Name.\n     */name: Name, \n    public var a: Url?\n}\npublic struct FfiConverterTypeName {\npublic typealias Name = String\n";
        let seen = types(code);
        assert_eq!(
            seen,
            "public struct Endpoint {\n     * Its Name.\n     */name: String, \n    public var a: String?\n}\npackage struct FfiConverterTypeName {\npackage typealias Name = String\n"
        );
    }

    #[test]
    fn of_the_engine_an_app_sees_one_record() {
        let reading =
            "public struct ClockReading: Equatable, Hashable {\n    public var wall: Int64\n}";
        let code = format!(
            "open class Core {{\n    open func stop() {{\n    }}\n}}\n{reading}\npublic func free() {{}}\n"
        );
        let seen = core(&code).unwrap();
        assert!(seen.starts_with("package class Core {\n    package func stop()"), "{seen}");
        assert!(seen.contains(reading) && seen.ends_with("package func free() {}\n"), "{seen}");
    }
}
