//! Scenario files: a config, what happens in the world, and what the engine should make of it. Every language runs the same ones.

use crate::script::{Recorder, Script};
use crate::simulation::Simulation;
use crate::world::{Entry, World, duration};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Write;
use steadfast::{Config, Event, Millis, Timestamp};

/// One scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in a sentence.
    #[serde(default)]
    pub about: String,
    config: steadfast::config::Value,
    /// Seed of the engine's jitter and of the world's chance.
    #[serde(default)]
    seed: u64,
    #[serde(deserialize_with = "duration")]
    duration: Millis,
    #[serde(default)]
    world: Vec<Entry>,
    /// How often the server sends a message on an open connection.
    #[serde(default, deserialize_with = "optional_duration")]
    messages: Option<Millis>,
    #[serde(default)]
    expect: Vec<Map<String, Value>>,
    /// Whether `expect` lists every event and not only decisions.
    #[serde(default, rename = "expectAll")]
    expect_all: bool,
}

fn optional_duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    duration(deserializer).map(Some)
}

/// What is wrong with a scenario file: what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(String);

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// An event of a simulation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// When, in milliseconds since the start.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

impl Line {
    /// Whether it tells of a decision, and not of a single check, an endpoint's health or a connection.
    pub fn is_decision(&self) -> bool {
        use Event::{AllDown, Offline, Online, Recovered, Switched};
        matches!(self.event, Switched { .. } | AllDown { .. } | Recovered { .. } | Offline { .. } | Online)
    }

    /// The event as one line of JSON.
    pub fn to_json(&self) -> String {
        // A tree of texts and numbers always serializes.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Scenario {
    /// Reads a scenario file.
    pub fn from_json(text: &str) -> Result<Self, Invalid> {
        serde_json::from_str(text).map_err(|error| Invalid(error.to_string()))
    }

    /// Runs the scenario and returns all events.
    pub fn run(&self) -> Result<Vec<Line>, Invalid> {
        self.script().map(|script| script.events)
    }

    /// Runs the scenario and returns all that happened.
    pub fn script(&self) -> Result<Script, Invalid> {
        let config = Config::read(&self.config, steadfast::parse_url).map_err(|problems| Invalid(format!("config: {problems}")))?;
        let names: Vec<_> = config.endpoints.0.iter().map(|endpoint| endpoint.name.clone()).collect();
        let mut known: Vec<_> = names.iter().map(steadfast::Name::as_str).collect();
        // What the engine calls somebody else's URLs.
        let neutrals: Vec<_> = (0..config.connectivity.0.len()).map(|index| format!("connectivity-{index}")).collect();
        known.extend(neutrals.iter().map(String::as_str));
        let start = Timestamp::default();
        let mut happenings = Vec::new();
        for (index, entry) in self.world.iter().enumerate() {
            let happening = entry.happening(&known).map_err(|problem| Invalid(format!("world[{index}]: {problem}")))?;
            happenings.push((start + entry.at, happening));
        }
        happenings.sort_by_key(|(at, _)| *at);
        let simulation = Simulation::new(config, self.seed, World::new(self.seed));
        let mut simulation = simulation.map_err(|problems| Invalid(problems.to_string()))?.with_messages(self.messages);
        let script = Script::new(self.about.clone(), self.config.clone(), self.seed, self.duration);
        let mut recorder = Recorder { script, under_way: HashMap::new(), begun: HashMap::new() };
        simulation.run(start + self.duration, &happenings, &mut recorder);
        Ok(recorder.script)
    }

    /// A diff of what was expected and what came, or `None` if they agree. An expected event need not name every field, nor the time.
    pub fn differences(&self, lines: &[Line]) -> Option<String> {
        let came: Vec<_> = lines.iter().filter(|line| self.expect_all || line.is_decision()).collect();
        let agrees = |expected: &Map<String, Value>, line: &Line| {
            let Ok(Value::Object(fields)) = serde_json::to_value(line) else { return false };
            expected.iter().all(|(key, value)| match key.as_str() {
                "at" => duration(value.clone()).is_ok_and(|at| u64::from(at.get()) == line.at_ms),
                _ => fields.get(key) == Some(value),
            })
        };
        let same = self.expect.len() == came.len() && self.expect.iter().zip(&came).all(|(expected, line)| agrees(expected, line));
        if same {
            return None;
        }
        let mut diff = String::new();
        for index in 0..self.expect.len().max(came.len()) {
            match (self.expect.get(index), came.get(index)) {
                (Some(expected), Some(line)) if agrees(expected, line) => {
                    let _ = writeln!(diff, "  {}", line.to_json());
                }
                (expected, line) => {
                    if let Some(expected) = expected {
                        let _ = writeln!(diff, "- {}", Value::Object(expected.clone()));
                    }
                    if let Some(line) = line {
                        let _ = writeln!(diff, "+ {}", line.to_json());
                    }
                }
            }
        }
        Some(diff)
    }
}
