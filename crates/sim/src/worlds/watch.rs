//! Watches all that goes in and out of an engine: counts what may happen only so often, and hands
//! on what must be judged at once.

use super::fairness::Fair;
use super::grade::is_blind;
use super::law::{Broken, Rule};
use super::never::{A_PHASE, FOR_A_COMMAND};
use super::truth::Truth;
use crate::entry::Happening;
use crate::simulation::Observer;
use std::collections::{HashMap, HashSet};
use steadfast::{
    CallOutcome, Command, ConnectionId, Effect, Event, Health, Input, Lifecycle, Millis,
    RecoveryStrategy, SocketId, Timestamp, ValidConfig,
};

/// What has been seen of an engine, and the truth beside it.
pub(super) struct Watch {
    pub(super) truth: Truth,
    pub(super) found: Vec<Broken>,
    /// How often something arrives on an open connection.
    pub(super) messages: Option<Millis>,
    pub(super) grid: u64,
    /// From request to request of the app's own.
    pub(super) requests: Option<Millis>,
    /// The app has been told of an outage, and not of its end.
    pub(super) outage: bool,
    /// When the last message arrived.
    pub(super) heard: Timestamp,
    /// From which endpoint.
    pub(super) heard_from: String,
    /// Where each connection leads.
    leads_to: HashMap<ConnectionId, String>,
    /// When the active endpoint became the active one.
    pub(super) switched: Timestamp,
    /// Endpoints that the app had to leave.
    pub(super) left: HashSet<String>,
    /// Which socket each connection carries.
    pub(super) carries: HashMap<ConnectionId, SocketId>,
    /// Connections that the app uses.
    pub(super) in_use: HashSet<ConnectionId>,
    /// Connections that are open or opening.
    pub(super) connections: HashSet<ConnectionId>,
    ended: bool,
    /// The sockets that the app held when the engine was last told something.
    pub(super) wanted: HashSet<SocketId>,
    /// When the app last asked for something.
    pub(super) asked: Option<Timestamp>,
    /// Since when the app is frozen.
    frozen: Option<Timestamp>,
    began: Timestamp,
    /// When the app was moved in this phase without having asked for it.
    pub(super) switches: Vec<Timestamp>,
    /// When it was told of an outage in this phase.
    pub(super) outages: Vec<Timestamp>,
    /// When recovery took an endpoint out of rotation.
    removals: Vec<Timestamp>,
    /// When it asked for another connection, if no attempt has followed.
    pub(super) reconnects: Option<Timestamp>,
    wakes: u32,
    attempts: u32,
    arrived: u32,
    checks: HashMap<String, u32>,
    /// Requests of the app's own that failed.
    failed: HashMap<String, u32>,
}

impl Watch {
    pub(super) fn new(
        config: ValidConfig,
        messages: Option<Millis>,
        timers: Option<Millis>,
    ) -> Self {
        let start = Timestamp::default();
        Self {
            truth: Truth::new(config),
            found: Vec::new(),
            messages,
            grid: timers.map_or(0, |grid| u64::from(grid.get())),
            requests: None,
            outage: false,
            heard: start,
            heard_from: String::new(),
            leads_to: HashMap::new(),
            carries: HashMap::new(),
            switched: start,
            left: HashSet::new(),
            in_use: HashSet::new(),
            connections: HashSet::new(),
            ended: false,
            wanted: HashSet::new(),
            asked: None,
            frozen: None,
            began: start,
            switches: Vec::new(),
            outages: Vec::new(),
            removals: Vec::new(),
            reconnects: None,
            wakes: 0,
            attempts: 0,
            arrived: 0,
            checks: HashMap::new(),
            failed: HashMap::new(),
        }
    }

    pub(super) fn fair(&self) -> Fair<'_> {
        let Self { truth, grid, messages, requests, .. } = self;
        let lately = |removal: &&Timestamp| truth.now - **removal < A_PHASE;
        let removals = self.removals.iter().filter(lately).count();
        Fair { truth, grid: *grid, messages: *messages, requests: *requests, removals }
    }

    /// Notes that a rule is broken, if it has not been before.
    pub(super) fn broken(&mut self, rule: Rule, at: Timestamp, what: String) {
        if self.found.iter().all(|known| known.rule != rule) {
            self.found.push(Broken { rule, at, what });
        }
    }

    /// Judges what a phase may hold only so much of.
    pub(super) fn end_phase(&mut self, now: Timestamp) {
        let long = now - self.began;
        let bounds = self.fair().bounds(long, self.arrived);
        // A request that fails asks for a check.
        let bound = |name: &String| bounds.checks(name) + self.failed.get(name).unwrap_or(&0);
        let most = self.checks.iter().map(|(name, count)| (name.clone(), *count, bound(name)));
        let most =
            most.filter(|(_, count, bound)| count > bound).max_by_key(|(_, count, _)| *count);
        if let Some((name, count, bound)) = most {
            let what = format!("{count} checks of `{name}` in {long}; bound: {bound}");
            self.broken(Rule::Busy, now, what);
        } else if self.wakes > bounds.wakes {
            self.broken(
                Rule::Busy,
                now,
                format!("{} wake-ups in {long}; bound: {}", self.wakes, bounds.wakes),
            );
        } else if self.attempts > bounds.attempts {
            self.broken(
                Rule::Busy,
                now,
                format!(
                    "{} connection attempts in {long}; bound: {}",
                    self.attempts, bounds.attempts
                ),
            );
        }
    }

    pub(super) fn begin_phase(&mut self, now: Timestamp) {
        self.began = now;
        (self.wakes, self.attempts, self.arrived) = (0, 0, 0);
        self.switches.clear();
        self.outages.clear();
        self.checks.clear();
        self.failed.clear();
    }

    fn outage_told(&mut self, at: Timestamp) {
        self.judge_outages(at);
        self.outage = true;
    }

    fn forget(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.in_use.remove(&id);
    }
}

impl Observer for Watch {
    fn event(&mut self, at: Timestamp, event: Event) {
        self.truth.now = at;
        match event {
            Event::Switched { from, to, reason } => {
                self.judge_leaving(at, from.as_str(), to.as_str(), reason);
                self.switched = at;
                self.left.insert(from.to_string());
                self.judge_swinging(at, reason);
                if is_blind(&self.truth.config) && reason != steadfast::SwitchReason::Replaced {
                    self.outage = false;
                }
            }
            Event::AllDown { .. } => {
                self.judge_all_down(at);
                self.outage_told(at);
            }
            Event::Offline { reason } => {
                self.judge_offline(at, reason);
                self.outage_told(at);
            }
            Event::Recovered { .. } | Event::Online | Event::Started { .. } => self.outage = false,
            Event::Stopped => self.ended = true,
            Event::Recovery(action) if action.ok == Some(true) && removes(action.strategy) => {
                let until = at + self.truth.config.recovery.out_of_rotation;
                self.truth.recovery(action.endpoint.as_str(), until);
                self.removals.push(at);
            }
            // Recovery puts back what is needed.
            Event::Health { endpoint, from: Health::Unhealthy, .. } => {
                self.truth.recovery(endpoint.as_str(), at);
            }
            _ => {}
        }
    }

    fn happening(&mut self, at: Timestamp, happening: &Happening) {
        if matches!(happening, Happening::Restart) {
            self.connections.clear();
            self.in_use.clear();
            self.wanted.clear();
        }
        self.truth.apply(at, happening);
    }

    fn input(&mut self, at: Timestamp, input: &Input) {
        self.truth.now = at;
        self.judge_connections(at);
        match input {
            Input::Started => self.ended = false,
            Input::Wake => self.wakes += 1,
            Input::ConnectionActive { id } => {
                self.heard = at;
                self.heard_from = self.leads_to.get(id).cloned().unwrap_or_default();
                self.arrived += 1;
            }
            Input::ConnectionClosed { id, .. } => self.forget(*id),
            Input::Lifecycle(Lifecycle::Frozen) => self.frozen = self.frozen.or(Some(at)),
            Input::Lifecycle(_) => {
                if let Some(since) = self.frozen.take() {
                    self.sleep(since, at - since);
                }
            }
            Input::CallEnded { permit, outcome: CallOutcome::Failed, .. } => {
                *self.failed.entry(permit.endpoint.to_string()).or_default() += 1;
            }
            // What is opening is another connection already.
            Input::Command(Command::Reconnect(_)) if self.connections.is_subset(&self.in_use) => {
                self.reconnects = Some(at);
            }
            Input::Command(
                Command::CheckNow
                | Command::Prefer(_)
                | Command::BeginMaintenance(_)
                | Command::EndMaintenance(_)
                | Command::Remove(..)
                | Command::PutBack(_)
                | Command::SetEndpoints(_),
            ) => {
                self.asked = Some(at);
            }
            _ => {}
        }
    }

    fn sleep(&mut self, at: Timestamp, duration: Millis) {
        // What was asked for then is done on waking.
        self.asked =
            self.asked.map(|asked| if at - asked < FOR_A_COMMAND { at + duration } else { asked });
    }

    fn effect(&mut self, at: Timestamp, effect: &Effect) {
        if self.ended {
            self.broken(Rule::One, at, format!("an effect after the stop: {effect:?}"));
        }
        match effect {
            Effect::StartCheck { endpoint, .. } => {
                let name = endpoint.name.as_str();
                *self.checks.entry(name.to_owned()).or_default() += 1;
                self.judge_check(at, name);
            }
            Effect::Connect { id, socket, endpoint } => {
                self.leads_to.insert(*id, endpoint.name.to_string());
                self.carries.insert(*id, *socket);
                self.attempts += 1;
                self.reconnects = None;
                self.connections.insert(*id);
            }
            Effect::Promote { id } => {
                self.in_use.insert(*id);
            }
            Effect::Disconnect { id, .. } => self.forget(*id),
            _ => {}
        }
    }
}

/// Whether recovery takes an endpoint out of rotation by this.
fn removes(strategy: RecoveryStrategy) -> bool {
    strategy != RecoveryStrategy::Reconnect && strategy.is_client_side()
}
