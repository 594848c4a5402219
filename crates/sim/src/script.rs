//! A scenario as a script: everything that the world tells an engine and everything that the engine
//! must do, to the millisecond. Each language replays it through its own public API and compares.

use crate::entry::Happening;
use crate::scenario::{Line, Scenario};
use crate::simulation::Observer;
use serde::Serialize;
use std::collections::HashMap;
use steadfast::config::Value;
use steadfast::{
    Answer, CheckId, Command, Effect, Event, FailureKind, Input, Message, Millis, Outcome,
    Timestamp,
};

/// What happened when a scenario ran.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// What the scenario shows.
    pub(crate) about: String,
    /// The config, as it stands in the scenario.
    pub(crate) config: Value,
    /// Seed of the engine.
    pub(crate) seed: u64,
    /// If timers are late: they fire at multiples of this only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timers_ms: Option<u32>,
    /// When it ends, in milliseconds since the start.
    pub(crate) duration_ms: u64,
    /// What the world says, in order. At the same moment a due timer of the engine comes after all
    /// of it; the outcome of a check that has not begun yet waits until that timer has begun it.
    pub(crate) inputs: Vec<At<Told>>,
    /// The checks that the engine begins, in order.
    pub(crate) checks: Vec<At<Begun>>,
    /// The connections that it opens, in order.
    pub(crate) connections: Vec<At<Opened>>,
    /// What it tells the app.
    pub(crate) events: Vec<Line>,
}

/// Something and its moment.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct At<T> {
    /// In milliseconds since the start.
    pub(crate) at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub(crate) what: T,
}

/// What the world says.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Told {
    /// A [`Message`] of the platform's or the app's, as a face of another language sends it.
    Message(Value),
    /// What no face says.
    World(World),
}

/// What happens beneath the face, or in Rust only.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "world", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum World {
    /// A check has failed: the endpoint's first is number 1.
    Failure { endpoint: String, number: u32, kind: FailureKind },
    /// A check was answered.
    Answer {
        endpoint: String,
        number: u32,
        status: Option<u16>,
        headers: HashMap<String, String>,
        body: String,
        latency_ms: u32,
    },
    /// The device sleeps: nothing is noticed until it wakes.
    Sleeps { duration_ms: u32 },
    /// The app starts again.
    Start,
    /// The app does something that only Rust replays.
    Other,
}

/// A check that begins.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    /// Which endpoint is checked.
    pub(crate) endpoint: String,
    /// The longest that it may take.
    pub(crate) timeout_ms: u32,
}

/// A connection that is to be opened.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Opened {
    /// Its number.
    pub(crate) id: u64,
    /// The app's socket that it is to carry.
    pub(crate) socket: u32,
    /// Where to.
    pub(crate) endpoint: String,
}

impl Script {
    /// The script of a run in which nothing has happened yet.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            about: scenario.about.clone(),
            config: scenario.config.clone(),
            seed: scenario.seed,
            timers_ms: scenario.timers.map(Millis::get),
            duration_ms: u64::from(scenario.duration.get()),
            inputs: Vec::new(),
            checks: Vec::new(),
            connections: Vec::new(),
            events: Vec::new(),
        }
    }

    /// What the engine told the app, in order.
    pub fn events(&self) -> &[Line] {
        &self.events
    }

    /// The same run of an engine that does nothing. A scenario that accepts it shows nothing.
    #[must_use]
    pub fn without_engine(&self) -> Self {
        Self { checks: Vec::new(), connections: Vec::new(), events: Vec::new(), ..self.clone() }
    }

    fn has_stopped(&self) -> bool {
        self.inputs.iter().any(|input| match &input.what {
            Told::Message(message) => message.text("message") == Some("stop"),
            Told::World(_) => false,
        })
    }

    /// Whether every language can replay it: in Rust only, the app drains or removes an endpoint,
    /// asks for permits, starts again, and reports silence and the end of a recovery without more.
    pub fn is_for_all_languages(&self) -> bool {
        !self.inputs.iter().any(|input| match &input.what {
            Told::Message(message) => {
                matches!(message.text("message"), Some("silent" | "recoveryEnded"))
            }
            Told::World(world) => matches!(world, World::Start | World::Other),
        })
    }

    /// What the engine began: `checking` or `connecting`, when, and which endpoint.
    pub(crate) fn beginnings(&self) -> impl Iterator<Item = (&'static str, u64, &str)> {
        let checks =
            self.checks.iter().map(|check| ("checking", check.at_ms, check.what.endpoint.as_str()));
        let connections = self
            .connections
            .iter()
            .map(|opened| ("connecting", opened.at_ms, opened.what.endpoint.as_str()));
        checks.chain(connections)
    }

    /// The script as JSON.
    pub fn to_json(&self) -> String {
        // A tree of texts and numbers always serializes.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Writes a script down while a simulation runs.
pub(crate) struct Recorder {
    pub(crate) script: Script,
    pub(crate) under_way: HashMap<CheckId, (String, u32)>,
    /// Checks of each endpoint so far.
    pub(crate) begun: HashMap<String, u32>,
}

impl Recorder {
    fn told(&mut self, at: Timestamp, what: Told) {
        self.script.inputs.push(At { at_ms: at.as_millis(), what });
    }

    fn world(&mut self, at: Timestamp, what: World) {
        self.told(at, Told::World(what));
    }

    fn outcome(&mut self, id: CheckId, outcome: &Outcome) -> Option<World> {
        let (endpoint, number) = self.under_way.remove(&id)?;
        Some(match outcome {
            Outcome::Failure(kind) => World::Failure { endpoint, number, kind: *kind },
            Outcome::Answer(Answer { status, headers, body, latency, .. }) => World::Answer {
                endpoint,
                number,
                status: *status,
                headers: headers
                    .iter()
                    .map(|header| (header.name.clone(), header.value.clone()))
                    .collect(),
                body: String::from_utf8_lossy(body).into_owned(),
                latency_ms: latency.get(),
            },
        })
    }
}

impl Observer for Recorder {
    fn event(&mut self, at: Timestamp, event: Event) {
        self.script.events.push(Line { at_ms: at.as_millis(), event });
    }

    fn happening(&mut self, at: Timestamp, happening: &Happening) {
        if matches!(happening, Happening::Restart) {
            self.world(at, World::Other);
        }
    }

    fn input(&mut self, at: Timestamp, input: &Input) {
        if let Some(message) = message(input) {
            return self.told(at, Told::Message(message.to_value()));
        }
        let world = match input {
            Input::CheckFinished { id, outcome } => self.outcome(*id, outcome),
            // The first start is every run's.
            Input::Started => self.script.has_stopped().then_some(World::Start),
            Input::Wake => None,
            _ => Some(World::Other),
        };
        if let Some(world) = world {
            self.world(at, world);
        }
    }

    fn effect(&mut self, at: Timestamp, effect: &Effect) {
        let at_ms = at.as_millis();
        match effect {
            Effect::StartCheck { id, endpoint, timeout } => {
                let endpoint = endpoint.name.to_string();
                let number = self.begun.entry(endpoint.clone()).or_default();
                *number += 1;
                self.under_way.insert(*id, (endpoint.clone(), *number));
                self.script
                    .checks
                    .push(At { at_ms, what: Begun { endpoint, timeout_ms: timeout.get() } });
            }
            Effect::Connect { id, socket, endpoint } => {
                self.script.connections.push(At {
                    at_ms,
                    what: Opened {
                        id: id.get(),
                        socket: socket.0,
                        endpoint: endpoint.name.to_string(),
                    },
                });
            }
            _ => {}
        }
    }

    fn sleep(&mut self, at: Timestamp, duration: Millis) {
        self.world(at, World::Sleeps { duration_ms: duration.get() });
    }
}

/// The message by which a face of another language says this, if one does.
fn message(input: &Input) -> Option<Message> {
    Some(match input.clone() {
        Input::ConnectionAwaitsApp { id } => Message::AwaitsApp { id },
        Input::ConnectionBegun { id } => Message::Begun { id },
        Input::ConnectionOpened { id } => Message::Opened { id },
        Input::ConnectionClosed { id, code } => Message::Closed { id, code },
        Input::ConnectionActive { id } => Message::Received { id },
        Input::ConnectionSent { id } => Message::Sent { id },
        Input::ConnectionSilent { id } => Message::Silent { id },
        Input::RecoveryEnded { id, ok, error } => Message::RecoveryEnded { id, ok, error },
        Input::Traffic { endpoint, ok: true } => Message::ReportSuccess { endpoint },
        Input::Traffic { endpoint, ok: false } => Message::ReportFailure { endpoint },
        Input::Network(network) => Message::Network { network },
        Input::Lifecycle(lifecycle) => Message::Lifecycle { lifecycle },
        Input::Command(Command::CheckNow) => Message::CheckNow {},
        Input::Command(Command::Prefer(endpoint)) => Message::Prefer { endpoint },
        Input::Command(Command::BeginMaintenance(endpoint)) => {
            Message::BeginMaintenance { endpoint }
        }
        Input::Command(Command::EndMaintenance(endpoint)) => Message::EndMaintenance { endpoint },
        Input::Command(Command::Isolate(endpoint)) => Message::Isolate { endpoint },
        Input::Command(Command::Release(endpoint)) => Message::Release { endpoint },
        Input::Command(Command::SetEndpoints(endpoints)) => Message::SetEndpoints { endpoints },
        Input::Command(Command::Connect(socket)) => Message::Connect { socket },
        Input::Command(Command::Reconnect(socket)) => Message::Reconnect { socket },
        Input::Command(Command::Disconnect(socket)) => Message::Disconnect { socket },
        Input::Command(Command::Stop) => Message::Stop {},
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use steadfast::{Config, Preset, parse_url};

    #[test]
    fn each_message_is_written_as_it_was_read() {
        let config = Config::new(Preset::Default, vec![]);
        let read = |value: &serde_json::Value| {
            let value = serde_json::from_value(value.clone()).unwrap();
            Message::read(&value, &config, parse_url).map_err(|problems| problems.to_string())
        };
        let fields = json!({
            "id": 7, "code": 1006, "network": "online", "lifecycle": "frozen", "endpoint": "a",
            "ok": true, "error": "why", "socket": 3,
            "endpoints": [{ "name": "a", "connect": "ws://a/", "health": "http://a/" }],
        });
        let problems = read(&json!({})).unwrap_err();
        let words = problems.strip_prefix("message: unknown value; known: ").unwrap();
        let words: Vec<_> = words.split(", ").collect();
        assert!(words.len() > 15, "{words:?}");
        for word in words {
            // A field that the message does not have is refused, and left out.
            let mut value = fields.clone();
            value["message"] = json!(word);
            while let Err(problems) = read(&value) {
                let (field, _) = problems.split_once(": unknown key").unwrap();
                value.as_object_mut().unwrap().remove(field).unwrap();
            }
            let told = read(&value).unwrap();
            assert_eq!(message(&told.clone().into()), Some(told), "{word}");
        }
    }
}
