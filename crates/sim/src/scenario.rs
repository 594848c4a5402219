//! Scenario files: a config, what happens in the world, and what the engine should make of it.
//! Every language runs the same ones.

use crate::access::Access;
use crate::base;
use crate::command::AppCommand;
use crate::entry::{Entry, Happening, duration, optional_duration};
use crate::expect::{Count, Expectation};
use crate::pattern::Pattern;
use crate::script::{Recorder, Script};
use crate::simulation::{Exchanges, Simulation};
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use steadfast::{Config, Event, Millis, Timestamp, ValidConfig};

/// The most that may happen in a scenario, repetitions included.
const MOST_HAPPENINGS: usize = 100_000;

/// One scenario file, with its base under its own config.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub about: String,
    pub(crate) config: steadfast::config::Value,
    pub(crate) seed: u64,
    pub(crate) duration: Millis,
    world: Vec<Entry>,
    pub(crate) messages: Option<Millis>,
    pub(crate) exchanges: Option<Exchanges>,
    pub(crate) requests: Option<Millis>,
    pub(crate) timers: Option<Millis>,
    pub(crate) loss: f64,
    expectation: Expectation,
}

/// A scenario that is ready to run.
pub(crate) struct Prepared {
    pub(crate) config: ValidConfig,
    pub(crate) simulation: Simulation,
    /// What happens, in order.
    pub(crate) happenings: Vec<(Timestamp, Happening)>,
    pub(crate) end: Timestamp,
}

/// One scenario file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    #[serde(default)]
    about: String,
    /// What the config starts from.
    base: Option<String>,
    config: Option<steadfast::config::Value>,
    /// Seed of the engine's jitter and of the world's chance.
    seed: Option<u64>,
    #[serde(deserialize_with = "duration")]
    duration: Millis,
    #[serde(default)]
    world: Vec<Entry>,
    /// How often the server sends a message on an open connection.
    #[serde(default, deserialize_with = "optional_duration")]
    messages: Option<Millis>,
    /// What the app sends on each connection that it uses.
    exchanges: Option<Exchanges>,
    /// How often the app makes a request of its own to the active endpoint.
    #[serde(default, deserialize_with = "optional_duration")]
    requests: Option<Millis>,
    /// How likely it is that the network loses a check, from 0 to 1.
    #[serde(default)]
    loss: f64,
    /// Timers fire at multiples of this only.
    #[serde(default, deserialize_with = "optional_duration")]
    timers: Option<Millis>,
    expect: Option<Vec<Pattern>>,
    #[serde(default)]
    watch: Vec<String>,
    /// Whether `expect` lists every event and not only decisions.
    #[serde(default)]
    expect_all: bool,
    #[serde(default)]
    counts: Vec<Count>,
}

impl TryFrom<Written> for Scenario {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        if let Some(problem) = written.problem() {
            return Err(problem);
        }
        let Written { about, base, config, seed, duration, world, messages, requests, .. } =
            written;
        let (timers, loss, exchanges) = (written.timers, written.loss, written.exchanges);
        let (config, usual_seed) = match (base, config) {
            (Some(base), Some(own)) => (base::merged(base::config(&base)?, own), base::SEED),
            (Some(base), None) => (base::config(&base)?, base::SEED),
            (None, Some(own)) => (own, 0),
            (None, None) => return Err("`base` or `config` is missing".to_owned()),
        };
        let expectation = Expectation {
            events: written.expect,
            watch: written.watch,
            all: written.expect_all,
            counts: written.counts,
        };
        if let Some(problem) = expectation.problem() {
            return Err(problem);
        }
        let seed = seed.unwrap_or(usual_seed);
        Ok(Self {
            about,
            config,
            seed,
            duration,
            world,
            messages,
            exchanges,
            requests,
            timers,
            loss,
            expectation,
        })
    }
}

impl Written {
    /// What would let a run never end, or means nothing.
    fn problem(&self) -> Option<String> {
        let rhythms =
            [("messages", self.messages), ("requests", self.requests), ("timers", self.timers)];
        if let Some((name, _)) = rhythms.iter().find(|(_, every)| *every == Some(Millis::ZERO)) {
            return Some(format!("`{name}` must be at least 1 ms"));
        }
        if let Some(problem) = self.exchanges.as_ref().and_then(Exchanges::problem) {
            return Some(problem.to_owned());
        }
        (!(0.0..=1.0).contains(&self.loss)).then(|| "`loss` must be from 0 to 1".to_owned())
    }
}

/// What is wrong with a scenario file: what, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

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
    /// Whether it tells of a decision, and not of a single check, an endpoint's health or a
    /// connection.
    pub fn is_decision(&self) -> bool {
        use Event::{AllDown, Offline, Online, Recovered, Switched};
        matches!(
            self.event,
            Switched { .. } | AllDown { .. } | Recovered { .. } | Offline { .. } | Online
        )
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

    /// Runs the scenario and returns all that happened.
    pub fn script(&self) -> Result<Script, Invalid> {
        let Prepared { mut simulation, happenings, end, .. } = self.prepare()?;
        let script = Script::new(self);
        let mut recorder = Recorder { script, under_way: HashMap::new(), begun: HashMap::new() };
        simulation.run(end, &happenings, &mut recorder);
        Ok(recorder.script)
    }

    /// Makes everything ready for a run.
    pub(crate) fn prepare(&self) -> Result<Prepared, Invalid> {
        let config = ValidConfig::read(&self.config, steadfast::parse_url)
            .map_err(|problems| Invalid(format!("config: {problems}")))?;
        let known = self.endpoints(&config);
        let start = Timestamp::default();
        let mut happenings = Vec::new();
        for (index, entry) in self.world.iter().enumerate() {
            let happening = entry
                .happening(&known, &config)
                .map_err(|problem| Invalid(format!("world[{index}]: {problem}")))?;
            let times = entry.times(self.duration).take(MOST_HAPPENINGS + 1 - happenings.len());
            happenings.extend(times.map(|at| (start + at, happening.clone())));
            if happenings.len() > MOST_HAPPENINGS {
                return Err(Invalid(format!(
                    "world[{index}]: more than {MOST_HAPPENINGS} happenings; `every` is too short"
                )));
            }
        }
        happenings.sort_by_key(|(at, _)| *at);
        let mut world = World::new(self.seed);
        if self.loss > 0.0 {
            world = world.with_access(Access::Lossy(self.loss));
        }
        let simulation = Simulation::new(config.clone(), self.seed, world)
            .with_messages(self.messages)
            .with_exchanges(self.exchanges.clone())
            .with_requests(self.requests)
            .with_timers(self.timers);
        Ok(Prepared { config, simulation, happenings, end: start + self.duration })
    }

    /// The names that the world and the app can know endpoints by.
    fn endpoints(&self, config: &Config) -> Vec<String> {
        let own = config.endpoints.iter().map(|endpoint| endpoint.name.to_string());
        // What the engine calls somebody else's URLs.
        let neutral = (0..config.connectivity.len()).map(|index| format!("connectivity-{index}"));
        let later = self
            .world
            .iter()
            .filter_map(|entry| entry.command.as_ref())
            .flat_map(AppCommand::names);
        own.chain(neutral).chain(later).collect()
    }

    /// A diff of what was expected and what happened, or `None` if they agree.
    pub fn differences(&self, script: &Script) -> Option<String> {
        self.expectation.differences(script)
    }
}
