//! What servers say of their own health in JSON, in the forms that are in use.
//!
//! - `application/health+json` (draft-inadarei-api-health-check): `status` pass, warn or fail;
//!   `checks` of lists with a `status` each.
//! - Spring Boot's Actuator: `status` UP, DOWN, `OUT_OF_SERVICE`; `components` with a `status`
//!   each.
//! - ASP.NET's health checks: `status` Healthy, Degraded, Unhealthy; `entries` with a `status`
//!   each.
//! - django-watchman's like, as event-management servers publish it: `status` success or failure;
//!   `results` with `checker` and `passed`.

use crate::base::time::Millis;
use crate::config::Value;

/// What a server says of its own health.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HealthDocument {
    /// What it makes of itself as a whole.
    pub status: DocumentStatus,
    /// The parts that fail, by name: at most 8 names of at most 64 bytes, without control
    /// characters.
    pub failing: Vec<String>,
    /// Over how long a time its clients are asked to spread their moves and their return (`spread`:
    /// a duration as in a config).
    pub spread: Option<Millis>,
}

/// What a server makes of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[non_exhaustive]
pub enum DocumentStatus {
    /// It works.
    #[default]
    Pass,
    /// It works, with difficulty.
    Warn,
    /// It does not.
    Fail,
    /// It will be back.
    Maintenance,
}

/// Maximum number of names of failing parts, and of bytes of each.
const MAX_PARTS: usize = 8;
const MAX_NAME_BYTES: usize = 64;

impl DocumentStatus {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "pass" | "ok" | "up" | "healthy" | "success" => Self::Pass,
            "warn" | "warning" | "degraded" => Self::Warn,
            "fail" | "failure" | "error" | "down" | "unhealthy" => Self::Fail,
            "maintenance" | "out_of_service" => Self::Maintenance,
            _ => return None,
        })
    }
}

impl HealthDocument {
    /// Whether an answer with this `Content-Type` may hold one.
    ///
    /// ```
    /// assert!(steadfast::HealthDocument::is_in("application/health+json; charset=utf-8"));
    /// assert!(!steadfast::HealthDocument::is_in("text/html"));
    /// ```
    pub fn is_in(content_type: &str) -> bool {
        let media_type = content_type
            [..content_type.bytes().position(|byte| byte == b';').unwrap_or(content_type.len())]
            .trim_ascii();
        media_type.ends_with("/json") || media_type.ends_with("+json")
    }

    /// The document in a tree, if it is one: an object whose `status` is a known word.
    pub fn read(tree: &Value) -> Option<Self> {
        let status = status(tree)?;
        let mut failing = Vec::new();
        for key in &["checks", "components", "details", "entries", "results"] {
            match tree.get(key) {
                Some(Value::Table(parts)) => {
                    for (name, part) in parts {
                        note(name, part, &mut failing);
                    }
                }
                Some(Value::List(parts)) => {
                    for part in parts {
                        note(name(part), part, &mut failing);
                    }
                }
                _ => {}
            }
        }
        let spread = tree.text("spread").and_then(Millis::parse);
        // An hour is longer than any maintenance that one would wait for.
        Some(Self {
            status,
            failing,
            spread: spread.map(|spread| spread.min(Millis::from_secs(3_600))),
        })
    }

    /// The document in JSON, if it is one.
    #[cfg(feature = "json")]
    pub fn from_json(json: &[u8]) -> Option<Self> {
        Self::read(&serde_json::from_slice(json).ok()?)
    }
}

fn status(tree: &Value) -> Option<DocumentStatus> {
    match (tree.text("status"), tree.get("passed")) {
        (Some(word), _) => DocumentStatus::from_word(word),
        (_, Some(Value::Bool(passed))) => {
            Some(if *passed { DocumentStatus::Pass } else { DocumentStatus::Fail })
        }
        _ => None,
    }
}

fn name(part: &Value) -> &str {
    let name = part.text("checker").or_else(|| part.text("name"));
    name.or_else(|| part.text("componentId")).unwrap_or("unnamed")
}

fn note(name: &str, part: &Value, failing: &mut Vec<String>) {
    let fails = |part: &Value| status(part) == Some(DocumentStatus::Fail);
    let fails = match part {
        Value::List(items) => items.iter().any(fails),
        Value::Text(word) => DocumentStatus::from_word(word) == Some(DocumentStatus::Fail),
        part => fails(part),
    };
    if fails && failing.len() < MAX_PARTS {
        // Names go into logs, where a line break would begin another entry.
        let mut printable: String = name.chars().filter(|char| !char.is_control()).collect();
        printable.truncate(printable.floor_char_boundary(MAX_NAME_BYTES));
        failing.push(printable);
    }
}

#[cfg(test)]
#[cfg(feature = "json")]
mod tests {
    use super::*;

    fn read(json: &str) -> (DocumentStatus, Vec<String>) {
        let document = HealthDocument::from_json(json.as_bytes()).unwrap();
        (document.status, document.failing)
    }

    #[test]
    fn every_form_in_use_is_understood() {
        use DocumentStatus::{Fail, Maintenance, Pass, Warn};
        let none = Vec::<String>::new;
        let health_json = r#"{"status":"fail","checks":{"cassandra:responseTime":[{"status":"pass"},{"status":"fail"}],"uptime":[{"status":"pass"}]}}"#;
        assert_eq!(read(health_json), (Fail, vec!["cassandra:responseTime".into()]));
        let actuator = r#"{"status":"DOWN","components":{"db":{"status":"DOWN","details":{}},"diskSpace":{"status":"UP"}}}"#;
        assert_eq!(read(actuator), (Fail, vec!["db".into()]));
        let asp_net = r#"{"status":"Unhealthy","totalDuration":"00:00:01","entries":{"redis":{"status":"Unhealthy"},"sql":{"status":"Healthy"}}}"#;
        assert_eq!(read(asp_net), (Fail, vec!["redis".into()]));
        let published = r#"{"status":"failure","timestamp":1.5,"hostname":"h","results":[{"checker":"database","passed":true},{"checker":"redis","passed":false}]}"#;
        assert_eq!(read(published), (Fail, vec!["redis".into()]));
        assert_eq!(read(r#"{"status":"OUT_OF_SERVICE"}"#), (Maintenance, none()));
        assert_eq!(read(r#"{"status":"Degraded"}"#), (Warn, none()));
        assert_eq!(read(r#"{"status":"success","results":[]}"#), (Pass, none()));
        assert_eq!(
            read(r#"{"status":"down","details":{"queue":"down","cache":"up"}}"#),
            (Fail, vec!["queue".into()])
        );
    }

    #[test]
    fn other_json_is_no_health_document() {
        for json in ["", "{", "[]", "{}", r#"{"status":200}"#, r#"{"status":"shipped"}"#, r#""ok""#]
        {
            assert_eq!(HealthDocument::from_json(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn what_a_server_says_is_one_line_without_control_characters() {
        let forged = r#""db\n2026-11-24 ERROR all is lost\r\u001b[31m\u0000\u0085\u009b""#;
        for document in [
            format!(r#"{{"status":"fail","checks":{{{forged}:{{"status":"fail"}}}}}}"#),
            format!(r#"{{"status":"fail","results":[{{"checker":{forged},"passed":false}}]}}"#),
            format!(r#"{{"status":"fail","checks":[{{"name":{forged},"status":"down"}}]}}"#),
        ] {
            assert_eq!(read(&document).1, ["db2026-11-24 ERROR all is lost[31m"], "{document}");
        }
    }

    #[test]
    fn what_a_server_says_is_bounded() {
        let parts: Vec<_> = (0..100)
            .map(|part| format!(r#"{{"name":"{part}{}","passed":false}}"#, "é".repeat(500)))
            .collect();
        let document =
            format!(r#"{{"status":"fail","spread":"30d","results":[{}]}}"#, parts.join(","));
        let document = HealthDocument::from_json(document.as_bytes()).unwrap();
        assert_eq!(
            (document.failing.len(), document.failing[7].len()),
            (MAX_PARTS, MAX_NAME_BYTES - 1)
        );
        assert_eq!(document.spread, Some(Millis::from_secs(3_600)));
    }
}
