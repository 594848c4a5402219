//! An event as a scenario writes it: its kind, and as much of the rest as is known beforehand.

use crate::entry::optional_duration;
use crate::scenario::Line;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use steadfast::Millis;

/// The kinds of events that an engine tells an app.
pub(crate) const EVENTS: [&str; 14] = [
    "started",
    "check",
    "health",
    "breaker",
    "switched",
    "allDown",
    "recovered",
    "offline",
    "online",
    "connected",
    "disconnected",
    "failure",
    "recovery",
    "stopped",
];

/// What an engine begins. These are no events, but they are counted like events.
pub(crate) const BEGINNINGS: [&str; 2] = ["checking", "connecting"];

/// An event, as far as it is known beforehand.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Pattern {
    /// The kind: `switched` and so on.
    pub(crate) event: String,
    /// The exact time since the start.
    #[serde(default, deserialize_with = "optional_duration")]
    at: Option<Millis>,
    /// The earliest time, inclusive.
    #[serde(default, deserialize_with = "optional_duration")]
    after: Option<Millis>,
    /// The latest time, inclusive.
    #[serde(default, deserialize_with = "optional_duration")]
    before: Option<Millis>,
    /// Fields of the event that must have these values.
    #[serde(flatten)]
    pub(crate) fields: Map<String, Value>,
}

impl Pattern {
    /// Whether an event fits. The event may have fields that the pattern does not name.
    pub(crate) fn fits(&self, line: &Line) -> bool {
        let Ok(Value::Object(came)) = serde_json::to_value(line) else {
            return false;
        };
        let same = |(name, value): (&String, &Value)| came.get(name) == Some(value);
        line.event.name() == self.event && self.includes(line.at_ms) && self.fields.iter().all(same)
    }

    /// Whether a beginning fits.
    pub(crate) fn fits_beginning(&self, kind: &str, at_ms: u64, endpoint: &str) -> bool {
        let wanted = self.fields.get("endpoint").and_then(Value::as_str);
        self.event == kind && self.includes(at_ms) && wanted.is_none_or(|wanted| wanted == endpoint)
    }

    fn includes(&self, at_ms: u64) -> bool {
        let millis = |time: Millis| u64::from(time.get());
        self.at.is_none_or(|at| millis(at) == at_ms)
            && self.after.is_none_or(|after| millis(after) <= at_ms)
            && self.before.is_none_or(|before| at_ms <= millis(before))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Map::new();
        let times = [("at", self.at), ("after", self.after), ("before", self.before)];
        for (name, time) in times {
            if let Some(time) = time {
                all.insert(name.to_owned(), Value::String(time.to_string()));
            }
        }
        all.insert("event".to_owned(), Value::String(self.event.clone()));
        all.extend(self.fields.clone());
        write!(f, "{}", Value::Object(all))
    }
}
