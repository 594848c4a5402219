//! The engine: decides which endpoint the app should be connected to. It does no I/O and reads no clock.

mod calls;
mod checks;
mod commands;
mod connectivity;
mod decisions;
mod explain;
#[cfg(feature = "metrics")]
mod metrics;
mod platform;
#[cfg(feature = "recovery")]
mod recovering;
mod reports;
mod saving;
mod selection;
#[cfg(test)]
#[cfg(feature = "url")]
mod tests;
mod tracked;
mod traffic;

pub use calls::{FIRST_SERVER_ERROR, Permit, REPEATABLE_METHODS, Refusal, Route};
pub use explain::{Explanation, WeighedEvidence};
pub use saving::NotRestored;

use crate::config::{Config, Endpoint, Name, Problems};
use crate::connection::Connection;
use crate::effect::{DisconnectReason, Effect};
use crate::event::{Event, OfflineReason};
use crate::input::{Input, Network};
use crate::outcome::{FailureKind, Outcome};
use crate::random::Random;
use crate::schedule::{Flight, Schedule};
use crate::situation::Situation;
use crate::snapshot::{EndpointState, Snapshot, State};
use crate::talk::Talk;
use crate::time::{Millis, Timestamp, earliest};
use connectivity::Neutral;
use selection::{PlannedMove, Preference};
use std::sync::Arc;
use tracked::Tracked;

/// A wake-up that comes so much too late means that the device or the tab slept. Browsers delay timers of hidden pages by up to a second.
const SLEPT: Millis = Millis::from_secs(2);

/// Decides which endpoint the app should be connected to.
///
/// The contract: after each [`handle`](Self::handle), drain [`poll_effect`](Self::poll_effect) and execute what it returns; call `handle`
/// again when something has happened, and with [`Input::Wake`] when [`next_wakeup`](Self::next_wakeup) has come. The same seed and the same
/// inputs at the same times give the same effects, on every platform.
///
/// ```
/// # #[cfg(feature = "url")] {
/// use steadfast::{Answer, Config, Effect, Endpoint, Engine, Input, Outcome, Preset, Timestamp};
///
/// let endpoint = |name: &str| Endpoint::new(name, format!("wss://{name}.example/").parse().unwrap(), format!("https://{name}.example/_ping").parse().unwrap());
/// let config = Config::new(Preset::Default, vec![endpoint("primary"), endpoint("secondary")]);
/// let mut now = Timestamp::from_millis(0);
/// let mut engine = Engine::new(config, 7, now).unwrap();
///
/// engine.handle(now, Input::Started);
/// for _ in 0..10 {
///     while let Some(effect) = engine.poll_effect() {
///         if let Effect::StartCheck { id, endpoint, .. } = effect {
///             println!("{now:?}: check {}", endpoint.health.url);
///             engine.handle(now, Input::CheckFinished { id, outcome: Outcome::Answer(Answer { status: Some(200), ..Answer::default() }) });
///         }
///     }
///     now = engine.next_wakeup().expect("a started engine always has something ahead");
///     engine.handle(now, Input::Wake);
/// }
/// assert_eq!(engine.active().name.as_str(), "primary");
/// # }
/// ```
#[derive(Debug)]
pub struct Engine {
    config: Arc<Config>,
    endpoints: Vec<Tracked>,
    active: usize,
    phase: Phase,
    situation: Situation,
    presence: Presence,
    preference: Option<Preference>,
    planned: Option<PlannedMove>,
    connection: Connection,
    /// Somebody else's URLs, for what they tell of the network.
    neutrals: Vec<Neutral>,
    talk: Talk,
    #[cfg(feature = "recovery")]
    recoveries: crate::recovery::Recoveries,
    effects: Vec<Effect>,
    random: Random,
    last_check: u64,
    /// An endpoint's condition is another one since account was last kept.
    conditions_changed: bool,
    /// What else it depends on whose time counts as what: the active endpoint, and whether anybody watches.
    accounted: (usize, bool),
    now: Timestamp,
    wakeup: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Running,
    Stopped,
}

/// Whether anyone is there to be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Foreground,
    Background,
    Frozen,
}

impl Engine {
    /// An engine that has not started. The error lists every problem in the config at once.
    ///
    /// `seed` should differ from client to client: it spreads a crowd. `now` is the present on the shell's clock.
    pub fn new(config: Config, seed: u64, now: Timestamp) -> Result<Self, Problems> {
        let mut config = config.validated()?;
        let mut endpoints = Vec::new();
        for endpoint in std::mem::take(&mut config.endpoints.0) {
            endpoints.push(Arc::new(endpoint));
        }
        let mut neutrals = Vec::new();
        for health in std::mem::take(&mut config.connectivity.0) {
            neutrals.push(Neutral::new(neutrals.len(), health));
        }
        Ok(Self::of(Arc::new(config), endpoints, neutrals, seed, now))
    }

    /// An engine for another client with the same config: one that has not started and knows nothing. They share what does not change, so that
    /// a million of them fit into a simulator.
    #[must_use]
    pub fn sibling(&self, seed: u64, now: Timestamp) -> Self {
        let endpoints = self.endpoints.iter().map(|tracked| tracked.endpoint.clone()).collect();
        let neutrals = self.neutrals.iter().map(Neutral::anew).collect();
        Self::of(self.config.clone(), endpoints, neutrals, seed, now)
    }

    fn of(config: Arc<Config>, endpoints: Vec<Arc<Endpoint>>, neutrals: Vec<Neutral>, seed: u64, now: Timestamp) -> Self {
        let mut random = Random::new(seed);
        let mut tracked = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            tracked.push(Tracked::new(endpoint, &config, &mut random, now));
        }
        let mut engine = Self {
            endpoints: tracked,
            config,
            active: 0,
            phase: Phase::Idle,
            situation: Situation::Steady,
            presence: Presence::Foreground,
            preference: None,
            planned: None,
            connection: Connection::default(),
            neutrals,
            talk: Talk::default(),
            #[cfg(feature = "recovery")]
            recoveries: crate::recovery::Recoveries::default(),
            effects: Vec::new(),
            random,
            last_check: 0,
            conditions_changed: true,
            accounted: (0, false),
            now,
            wakeup: None,
        };
        engine.active = engine.best(&|_| true).unwrap_or(0);
        engine
    }

    /// The only way in. A `now` earlier than the last one is taken for the last one.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        let overslept = self.wakeup.is_some_and(|at| now - at > SLEPT);
        self.now = self.now.max(now);
        match (self.phase, input) {
            (Phase::Running, Input::Started) => {}
            (_, Input::Started) => self.start(),
            // What the platform says and the app wants before the start holds from then on.
            (Phase::Idle | Phase::Stopped, Input::Lifecycle(lifecycle)) => self.set_presence(lifecycle),
            (Phase::Idle | Phase::Stopped, Input::Network(network)) => {
                self.situation = if network == Network::Offline { Situation::ToldOffline } else { Situation::Steady };
            }
            (Phase::Idle, Input::Command(command)) => self.command(command),
            (Phase::Idle | Phase::Stopped, _) => {}
            (Phase::Running, input) => {
                if overslept {
                    self.awaken();
                }
                self.take(input);
            }
        }
        if self.phase == Phase::Running {
            self.decide();
            self.start_due_checks();
        }
        self.account();
        self.wakeup = self.earliest_due().map(|at| at.max(self.now));
    }

    /// The only way out: the next thing to do, until there is none.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        if self.effects.is_empty() {
            // The room is given back: in a crowd hardly any engine has something to do.
            self.effects = Vec::new();
            return None;
        }
        // There are rarely more than two.
        Some(self.effects.remove(0))
    }

    /// When to call [`handle`](Self::handle) with [`Input::Wake`] if nothing else happens; never before the last `now`.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.wakeup
    }

    /// The endpoint that the app should be connected to. There is always exactly one.
    pub fn active(&self) -> &Arc<Endpoint> {
        &self.endpoints[self.active].endpoint
    }

    /// The settings that the engine works by, without the endpoints.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the engine has been stopped.
    pub fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    /// The state at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let state = match self.phase {
            Phase::Idle => State::Idle,
            Phase::Running => self.situation.state(),
            Phase::Stopped => State::Stopped,
        };
        let mut endpoints = Vec::new();
        for tracked in &self.endpoints {
            endpoints.push(EndpointState {
                name: tracked.name(),
                connect: tracked.endpoint.connect.as_str().to_owned(),
                health: tracked.condition.health(),
                failures: tracked.condition.detector.failures(),
                rtt_ms: tracked.rtt.smoothed().map(Millis::get),
                breaker: tracked.circuit.state(),
            });
        }
        Snapshot { state, active: self.active().name.clone(), endpoints }
    }

    fn start(&mut self) {
        self.phase = Phase::Running;
        if !matches!(self.situation, Situation::ToldOffline) {
            self.situation = Situation::Steady;
        }
        self.planned = None;
        for tracked in &mut self.endpoints {
            tracked.schedule = Schedule::new(self.now);
        }
        self.emit(Event::Started { active: self.active().name.clone() });
        if matches!(self.situation, Situation::ToldOffline) {
            self.emit(Event::Offline { reason: OfflineReason::Told });
        }
        self.ask_all(self.config.initial_delay);
        self.follow();
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Started => {}
            Input::Wake => self.expire(),
            Input::CheckFinished { id, outcome } => self.finish(id, outcome),
            Input::ConnectionOpened { id } => self.connection_opened(id),
            Input::ConnectionClosed { id, code } => self.connection_closed(id, code),
            Input::ConnectionActive { id } => self.connection_active(id),
            Input::ConnectionSilent { id } => self.connection_silent(id),
            Input::Traffic { endpoint, ok } => self.traffic(&endpoint, ok),
            #[cfg(feature = "recovery")]
            Input::RecoveryEnded { id, ok, error } => self.recovery_ended(id, ok, error),
            Input::CallEnded { permit, ok, latency } => self.call_ended(&permit, ok, latency),
            Input::Network(network) => self.network(network),
            Input::Lifecycle(lifecycle) => self.lifecycle(lifecycle),
            Input::Command(command) => self.command(command),
        }
    }

    /// Ends what has taken too long.
    fn expire(&mut self) {
        let now = self.now;
        let late = |flight: &&Flight| flight.deadline() <= now;
        for index in 0..self.endpoints.len() {
            while let Some(id) = self.endpoints[index].schedule.flights().iter().find(late).map(|flight| flight.id) {
                self.effects.push(Effect::CancelCheck { id });
                self.finish(id, Outcome::Failure(FailureKind::Timeout));
            }
        }
        self.expire_neutrals();
        self.notice_silence();
        #[cfg(feature = "recovery")]
        self.expire_recoveries();
        while let Some(id) = self.connection.overdue(self.now) {
            self.effects.push(Effect::Disconnect { id, reason: DisconnectReason::Timeout });
            self.connection_closed(id, None);
        }
        if self.connection.retry_is_due(self.now) && !matches!(self.situation, Situation::ToldOffline) {
            self.follow();
        }
    }

    fn earliest_due(&self) -> Option<Timestamp> {
        if self.phase != Phase::Running {
            return None;
        }
        let mut due = earliest(&[
            self.connection.due().filter(|_| !matches!(self.situation, Situation::ToldOffline)),
            self.decision_due(),
            self.neutrals_due(),
            self.talk.deadline().filter(|_| self.checking()),
            #[cfg(feature = "recovery")]
            self.recoveries_due(),
        ]);
        for index in 0..self.endpoints.len() {
            due = earliest(&[due, self.due(index)]);
        }
        due
    }

    fn emit(&mut self, event: Event) {
        self.effects.push(Effect::Emit { at: self.now, event });
    }

    fn index_of(&self, name: &Name) -> Option<usize> {
        self.endpoints.iter().position(|tracked| tracked.endpoint.name == *name)
    }
}
