//! Watches all that goes in and out of an engine for what must never happen.

use super::fairness::Fair;
use super::law::{Broken, Rule};
use super::truth::{Truth, is_blind};
use crate::entry::Happening;
use crate::simulation::Observer;
use std::collections::{HashMap, HashSet};
use steadfast::config::Strategy;
use steadfast::{Command, Config, ConnectionId, Effect, Endpoint, Event, Input, Lifecycle, Millis, OfflineReason, SwitchReason, Timestamp};

/// An endpoint that has been well for so long is not left without a reason.
const SETTLED: Millis = Millis::from_secs(120);
/// Network and servers must have been there for so long for a word to the contrary to be wrong.
const PLAIN: Millis = Millis::from_secs(60);
/// What arrived so recently shows that something can be reached.
const JUST_NOW: Millis = Millis::from_secs(5);
/// The longest that a phase lasts.
const A_PHASE: Millis = Millis::from_secs(600);
/// Checks that an app's own command may cause in the background.
const FOR_A_COMMAND: Millis = Millis::from_secs(60);

/// What has been seen of an engine, and the truth beside it.
pub(super) struct Watch {
    pub(super) truth: Truth,
    pub(super) found: Vec<Broken>,
    pub(super) messages: Option<Millis>,
    grid: u64,
    /// The app has been told of an outage, and not of its end.
    pub(super) outage: bool,
    /// When the last message arrived.
    pub(super) heard: Timestamp,
    /// When the active endpoint became the active one.
    pub(super) switched: Timestamp,
    /// Connections that the app uses.
    pub(super) in_use: HashSet<ConnectionId>,
    /// Connections that are open or opening.
    connections: HashSet<ConnectionId>,
    ended: bool,
    /// Whether the app wanted a connection when the engine was last told something.
    wanted: bool,
    /// When the app last asked for something.
    asked: Option<Timestamp>,
    began: Timestamp,
    /// When the app was moved in this phase without having asked for it.
    switches: Vec<Timestamp>,
    wakes: u32,
    attempts: u32,
    arrived: u32,
    checks: HashMap<String, u32>,
}

impl Watch {
    pub(super) fn new(config: Config, messages: Option<Millis>, timers: Option<Millis>) -> Self {
        let start = Timestamp::default();
        Self {
            truth: Truth::new(config),
            found: Vec::new(),
            messages,
            grid: timers.map_or(0, |grid| u64::from(grid.get())),
            outage: false,
            heard: start,
            switched: start,
            in_use: HashSet::new(),
            connections: HashSet::new(),
            ended: false,
            wanted: false,
            asked: None,
            began: start,
            switches: Vec::new(),
            wakes: 0,
            attempts: 0,
            arrived: 0,
            checks: HashMap::new(),
        }
    }

    pub(super) fn fair(&self) -> Fair<'_> {
        Fair { truth: &self.truth, grid: self.grid, messages: self.messages }
    }

    /// Notes that a rule is broken, if it has not been before.
    pub(super) fn broken(&mut self, rule: Rule, at: Timestamp, what: String) {
        if self.found.iter().all(|known| known.rule != rule) {
            self.found.push(Broken { rule, at, what });
        }
    }

    /// Judges what a phase may hold only so much of.
    pub(super) fn end_phase(&mut self, now: Timestamp) {
        let bounds = self.fair().bounds(now - self.began, self.arrived);
        let most = self.checks.iter().max_by_key(|(_, count)| **count);
        let most = most.map(|(name, count)| (name.clone(), *count)).filter(|(name, count)| *count > bounds.checks(name));
        let long = now - self.began;
        if let Some((name, count)) = most {
            self.broken(Rule::Busy, now, format!("{count} checks of `{name}` in {long}; bound: {}", bounds.checks(&name)));
        } else if self.wakes > bounds.wakes {
            self.broken(Rule::Busy, now, format!("{} wake-ups in {long}; bound: {}", self.wakes, bounds.wakes));
        } else if self.attempts > bounds.attempts {
            self.broken(Rule::Busy, now, format!("{} connection attempts in {long}; bound: {}", self.attempts, bounds.attempts));
        }
    }

    pub(super) fn begin_phase(&mut self, now: Timestamp) {
        self.began = now;
        (self.wakes, self.attempts, self.arrived) = (0, 0, 0);
        self.switches.clear();
        self.checks.clear();
    }

    /// S1.
    fn judge_leaving(&mut self, at: Timestamp, from: &str, to: &str, reason: SwitchReason) {
        let truth = &self.truth;
        let Some(left) = truth.endpoint(from) else { return };
        let well = truth.well_for(left, at).unwrap_or(Millis::ZERO);
        let wished = matches!(reason, SwitchReason::Preferred | SwitchReason::Replaced);
        if well < SETTLED || wished {
            return;
        }
        let free = match reason {
            SwitchReason::Failback | SwitchReason::Degraded => true,
            SwitchReason::Faster => truth.config.strategy == Strategy::Latency,
            _ => false,
        };
        let better = truth.endpoint(to).is_some_and(|taken| self.is_better(taken, left));
        if !(free && better) {
            self.broken(Rule::S1, at, format!("`{from}` was left for `{to}` ({reason}), though it had been well for {well}"));
        }
    }

    /// S4, in any ten minutes of a phase. What the app has asked for is no swinging.
    fn judge_swinging(&mut self, at: Timestamp, reason: SwitchReason) {
        if matches!(reason, SwitchReason::Preferred | SwitchReason::Replaced) {
            return;
        }
        self.switches.push(at);
        let lately = self.switches.iter().filter(|switch| at - **switch < A_PHASE).count();
        if let Some(most) = self.fair().switches().filter(|most| lately > *most) {
            self.broken(Rule::S4, at, format!("{lately} switches within ten minutes; fair: {most}"));
        }
    }

    /// Whether one endpoint may be better than the other. What its lot or its speed makes of it is not known here.
    fn is_better(&self, one: &Endpoint, other: &Endpoint) -> bool {
        let truth = &self.truth;
        let standing = |endpoint: &Endpoint| {
            let preferred = truth.preferred.as_deref() == Some(endpoint.name.as_str());
            let abroad = truth.config.region.is_some() && truth.config.region != endpoint.region;
            (!preferred, abroad, endpoint.priority)
        };
        let place = |endpoint: &Endpoint| truth.endpoints.iter().position(|known| known.name == endpoint.name);
        match standing(one).cmp(&standing(other)) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => {
                matches!(truth.config.strategy, Strategy::Weighted | Strategy::Latency) || place(one) < place(other)
            }
            std::cmp::Ordering::Greater => false,
        }
    }

    /// S2.
    fn judge_offline(&mut self, at: Timestamp, reason: OfflineReason) {
        let truth = &self.truth;
        if reason == OfflineReason::Told {
            if !truth.told_offline {
                self.broken(Rule::S2, at, "told offline, though the platform has not said so".to_owned());
            }
            return;
        }
        let plain = |name: &str| truth.unchanged(name, at) >= PLAIN;
        let neutrals: Vec<_> = (0..truth.config.connectivity.0.len()).map(|index| format!("connectivity-{index}")).collect();
        let neutral = neutrals.iter().find(|name| plain(name) && truth.neutral_passes(name)).cloned();
        let answers = |endpoint: &&Endpoint| {
            let name = endpoint.name.as_str();
            plain(name) && truth.answers(name, endpoint.health.check().timeout)
        };
        // Behind a portal every answer may be the portal's.
        let server = truth.endpoints.iter().find(answers).map(|endpoint| endpoint.name.to_string());
        let server = server.filter(|_| reason != OfflineReason::CaptivePortal);
        let talks = at - self.heard < JUST_NOW && at - truth.disturbed >= PLAIN;
        if let Some(who) = neutral.or(server).or(talks.then(|| "the open connection".to_owned())) {
            self.broken(Rule::S2, at, format!("offline ({reason}), though `{who}` can be reached"));
        }
    }

    /// S3. The published script asks one other endpoint, and calls it an outage if that fails: it is not judged.
    fn judge_all_down(&mut self, at: Timestamp) {
        let truth = &self.truth;
        if is_blind(&truth.config) {
            return;
        }
        let well = truth.endpoints.iter().find(|endpoint| {
            let well = truth.well_for(endpoint, at);
            well.is_some_and(|well| u64::from(well.get()) >= self.fair().noticed(endpoint))
        });
        if let Some(endpoint) = well {
            let well = truth.available(endpoint.name.as_str(), at);
            self.broken(Rule::S3, at, format!("allDown, though `{}` has been well for {well}", endpoint.name));
        }
    }

    /// S5.
    fn judge_check(&mut self, at: Timestamp, name: &str) {
        let truth = &self.truth;
        let unseen = match truth.presence {
            Lifecycle::Background => !truth.config.background_checks,
            Lifecycle::Frozen => true,
            _ => false,
        };
        let unwatched = unseen && !truth.wants_socket;
        let asked = self.asked.is_some_and(|asked| at - asked < FOR_A_COMMAND);
        if unwatched && !asked {
            self.broken(Rule::S5, at, format!("`{name}` was checked though nobody is there ({:?})", truth.presence));
        }
    }

    /// Once all effects of an input are known: connections are few, and wanted.
    fn judge_connections(&mut self, at: Timestamp) {
        let (open, used) = (self.connections.len(), self.in_use.len());
        if open > 2 || used > 1 {
            self.broken(Rule::One, at, format!("{open} connections, {used} of them in use"));
        } else if open > 0 && !self.wanted {
            self.broken(Rule::One, at, format!("{open} connections, though the app wants none"));
        }
        self.wanted = self.truth.wants_socket;
    }

    fn forget(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.in_use.remove(&id);
    }
}

impl Observer for Watch {
    fn event(&mut self, at: Timestamp, event: Event) {
        match event {
            Event::Switched { from, to, reason } => {
                self.judge_leaving(at, from.as_str(), to.as_str(), reason);
                self.switched = at;
                self.judge_swinging(at, reason);
                if is_blind(&self.truth.config) {
                    self.outage = false;
                }
            }
            Event::AllDown { .. } => {
                self.judge_all_down(at);
                self.outage = true;
            }
            Event::Offline { reason } => {
                self.judge_offline(at, reason);
                self.outage = true;
            }
            Event::Recovered { .. } | Event::Online | Event::Started { .. } => self.outage = false,
            Event::Stopped => self.ended = true,
            _ => {}
        }
    }

    fn happening(&mut self, at: Timestamp, happening: &Happening) {
        self.truth.apply(at, happening);
    }

    fn input(&mut self, at: Timestamp, input: &Input) {
        self.judge_connections(at);
        match input {
            Input::Started => self.ended = false,
            Input::Wake => self.wakes += 1,
            Input::ConnectionActive { .. } => {
                self.heard = at;
                self.arrived += 1;
            }
            Input::ConnectionClosed { id, .. } => self.forget(*id),
            Input::Command(Command::CheckNow | Command::Prefer(_) | Command::Maintenance(..) | Command::SetEndpoints(_)) => {
                self.asked = Some(at);
            }
            _ => {}
        }
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
            Effect::Connect { id, .. } => {
                self.attempts += 1;
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
