//! A scenario as a script: everything that the world tells an engine and everything that the engine
//! must do, to the millisecond. Each language replays it through its own public API and compares.

use crate::entry::Happening;
use crate::scenario::{Line, Scenario};
use crate::simulation::Observer;
use serde::Serialize;
use std::collections::HashMap;
use steadfast::config::Value;
use steadfast::{
    Answer, CheckId, Command, ConnectionId, Effect, Event, FailureKind, Input, Millis, Outcome,
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
#[serde(tag = "input", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Told {
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
    /// A connection is open.
    Opened { id: u64 },
    /// A connection has closed.
    Closed { id: u64, code: Option<u16> },
    /// Something has arrived on a connection.
    Active { id: u64 },
    /// `online`, `offline` or `changed`.
    Network { to: &'static str },
    /// `foreground`, `background`, `frozen` or `resumed`.
    Lifecycle { to: &'static str },
    /// The device sleeps: nothing is noticed until it wakes.
    Sleeps { duration_ms: u32 },
    /// The app asks for a check.
    CheckNow,
    /// The app prefers an endpoint.
    Prefer { name: Option<String> },
    /// The app announces maintenance of an endpoint.
    BeginMaintenance { name: String },
    /// The app ends maintenance of an endpoint.
    EndMaintenance { name: String },
    /// The app lets an endpoint's circuit breaker refuse every request.
    Isolate { name: String },
    /// The app lets the breaker of an isolated endpoint begin anew.
    Release { name: String },
    /// The app reports that a request to an endpoint succeeded.
    ReportSuccess { name: String },
    /// The app reports that a request to an endpoint failed.
    ReportFailure { name: String },
    /// The app replaces the endpoints by those of a config.
    SetEndpoints { config: Value },
    /// The app wants a connection.
    Connect,
    /// The app wants none.
    Disconnect,
    /// The app wants another one to the same endpoint.
    Reconnect,
    /// The app stops.
    Stop,
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
        self.inputs.iter().any(|input| matches!(input.what, Told::Stop))
    }

    /// Whether every language can replay it: in Rust only, the app drains or removes an endpoint,
    /// asks for permits, and starts again.
    pub fn is_for_all_languages(&self) -> bool {
        !self.inputs.iter().any(|input| matches!(input.what, Told::Start | Told::Other))
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

    fn outcome(&mut self, id: CheckId, outcome: &Outcome) -> Option<Told> {
        let (endpoint, number) = self.under_way.remove(&id)?;
        Some(match outcome {
            Outcome::Failure(kind) => Told::Failure { endpoint, number, kind: *kind },
            Outcome::Answer(Answer { status, headers, body, latency, .. }) => Told::Answer {
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
            self.told(at, Told::Other);
        }
    }

    fn input(&mut self, at: Timestamp, input: &Input) {
        let number = |id: &ConnectionId| id.get();
        let told = match input {
            Input::CheckFinished { id, outcome } => self.outcome(*id, outcome),
            Input::ConnectionOpened { id } => Some(Told::Opened { id: number(id) }),
            Input::ConnectionClosed { id, code } => {
                Some(Told::Closed { id: number(id), code: *code })
            }
            Input::ConnectionActive { id } => Some(Told::Active { id: number(id) }),
            Input::Traffic { endpoint, ok: true } => {
                Some(Told::ReportSuccess { name: endpoint.to_string() })
            }
            Input::Traffic { endpoint, ok: false } => {
                Some(Told::ReportFailure { name: endpoint.to_string() })
            }
            Input::Network(network) => Some(Told::Network { to: network.as_str() }),
            Input::Lifecycle(lifecycle) => Some(Told::Lifecycle { to: lifecycle.as_str() }),
            Input::Command(command) => Some(match command {
                Command::CheckNow => Told::CheckNow,
                Command::Prefer(name) => {
                    Told::Prefer { name: name.as_ref().map(ToString::to_string) }
                }
                Command::BeginMaintenance(name) => {
                    Told::BeginMaintenance { name: name.to_string() }
                }
                Command::EndMaintenance(name) => Told::EndMaintenance { name: name.to_string() },
                Command::Connect => Told::Connect,
                Command::Disconnect => Told::Disconnect,
                Command::Reconnect => Told::Reconnect,
                Command::Isolate(name) => Told::Isolate { name: name.to_string() },
                Command::Release(name) => Told::Release { name: name.to_string() },
                Command::Stop => Told::Stop,
                Command::SetEndpoints(endpoints) => Told::SetEndpoints {
                    config: Value::Table(vec![("endpoints".to_owned(), endpoints.to_value())]),
                },
                _ => Told::Other,
            }),
            // The first start is every run's.
            Input::Started => self.script.has_stopped().then_some(Told::Start),
            Input::Wake => None,
            _ => Some(Told::Other),
        };
        if let Some(told) = told {
            self.told(at, told);
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
            Effect::Connect { id, endpoint } => {
                self.script.connections.push(At {
                    at_ms,
                    what: Opened { id: id.get(), endpoint: endpoint.name.to_string() },
                });
            }
            _ => {}
        }
    }

    fn sleep(&mut self, at: Timestamp, duration: Millis) {
        self.told(at, Told::Sleeps { duration_ms: duration.get() });
    }
}
