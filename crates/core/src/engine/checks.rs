//! Starting checks when they are due, and taking in what came of them.

use super::{Engine, Presence};
use crate::config::Config;
use crate::effect::{CheckId, Effect};
use crate::event::{CheckReport, Event};
use crate::health::Condition;
use crate::outcome::{FailureKind, Outcome};
use crate::schedule::Flight;
use crate::situation::Situation;
use crate::time::{Millis, Timestamp};

impl Engine {
    /// Whether checks are made without being asked for.
    pub(super) fn checking(&self) -> bool {
        match self.presence {
            Presence::Foreground => true,
            Presence::Background => self.config.background_checks,
            Presence::Frozen => false,
        }
    }

    /// When something is to be done about an endpoint: its check ends for lack of an answer, or the next one starts.
    pub(super) fn due(&self, index: usize) -> Option<Timestamp> {
        let tracked = &self.endpoints[index];
        let schedule = &tracked.schedule;
        if let Some(flight) = &schedule.flight {
            return Some(flight.deadline());
        }
        if schedule.asked.is_some() {
            return schedule.asked;
        }
        if !self.checking() {
            return None;
        }
        match &self.situation {
            Situation::Attempt { .. } | Situation::ToldOffline => None,
            Situation::AllDown(outage) | Situation::PresumedOffline(outage) => outage.round,
            Situation::Steady | Situation::Suspicion(_) if index == self.active => {
                Some(schedule.active_due(&self.config, tracked.endpoint.health.check(), tracked.condition.detector.failures()))
            }
            Situation::Steady | Situation::Suspicion(_) => schedule.standby_due(&self.config),
        }
    }

    pub(super) fn start_due_checks(&mut self) {
        for index in 0..self.endpoints.len() {
            if self.endpoints[index].schedule.flight.is_none() && self.due(index).is_some_and(|at| at <= self.now) {
                self.begin(index, 0);
            }
        }
        let now = self.now;
        if let Some(outage) = self.situation.outage()
            && outage.round.is_some_and(|at| at <= now)
        {
            outage.round = None;
        }
    }

    /// Asks for a check of one endpoint at once, or as soon as may be after the last.
    pub(super) fn ask(&mut self, index: usize) {
        let gap = self.config.suspect_interval.unwrap_or(self.endpoints[index].endpoint.health.check().interval);
        self.endpoints[index].schedule.ask(self.now, gap);
    }

    /// Asks for a check of the active endpoint after `delay`, and of the watched standbys within an interval after that.
    pub(super) fn ask_all(&mut self, delay: Millis) {
        if !self.checking() || matches!(self.situation, Situation::ToldOffline) {
            return;
        }
        for index in 0..self.endpoints.len() {
            let tracked = &mut self.endpoints[index];
            if index == self.active {
                tracked.schedule.ask(self.now + delay, self.config.suspect_interval.unwrap_or_default());
            } else if self.config.standby_interval.is_some() {
                let spread = self.random.within(tracked.endpoint.health.check().interval);
                tracked.schedule.asked = Some(self.now + delay + spread);
            }
        }
    }

    pub(super) fn begin(&mut self, index: usize, attempt: u32) {
        let timeout = self.timeout(index);
        let tracked = &mut self.endpoints[index];
        self.last_check += 1;
        let id = CheckId(self.last_check);
        tracked.schedule.begin(Flight { id, started: self.now, timeout, attempt });
        if let Situation::Suspicion(suspicion) = &mut self.situation
            && index != self.active
        {
            suspicion.asked.insert(index);
        }
        self.effects.push_back(Effect::StartCheck { id, endpoint: tracked.endpoint.clone(), timeout });
    }

    /// How long the next check may take. Each failure in a row earns the endpoint half as much patience again, up to three times as much: a
    /// jolt is forgiven, while one that has become slow for good does not pass as healthy. When nothing is healthy it gets all there is,
    /// because slow is then better than nothing.
    fn timeout(&self, index: usize) -> Millis {
        let tracked = &self.endpoints[index];
        let check = tracked.endpoint.health.check();
        match self.situation {
            Situation::Steady | Situation::Suspicion(_) => {
                let patience = 2 + tracked.condition.detector.failures().min(4);
                tracked.rtt.timeout(check.min_timeout(), check.timeout).scaled(patience, 2).min(check.timeout)
            }
            _ => check.timeout,
        }
    }

    pub(super) fn cancel(&mut self, index: usize) {
        if let Some(flight) = self.endpoints[index].schedule.flight {
            self.effects.push_back(Effect::CancelCheck { id: flight.id });
            self.end_flight(index);
        }
    }

    fn end_flight(&mut self, index: usize) {
        self.endpoints[index].schedule.end(self.now, self.config.jitter_percent, &mut self.random);
    }

    /// Takes in what came of a check; one that is not under way any more is ignored.
    pub(super) fn finish(&mut self, id: CheckId, outcome: Outcome) {
        let of_this_check = |flight: Option<Flight>| flight.filter(|flight| flight.id == id);
        let found = self.endpoints.iter().enumerate().find_map(|(index, tracked)| Some((index, of_this_check(tracked.schedule.flight)?)));
        let Some((index, flight)) = found else { return };
        self.end_flight(index);
        let health = &self.endpoints[index].endpoint.health;
        let elapsed = self.now - flight.started;
        let (failure, status, headers, latency) = match outcome {
            Outcome::Answer(answer) => (health.judge(&answer, flight.timeout), answer.status, answer.headers, answer.latency),
            Outcome::Failure(kind) => (Some(kind), None, Vec::new(), elapsed),
        };
        let repeat = failure.is_some() && flight.attempt < health.check().retries;
        let tracked = &mut self.endpoints[index];
        tracked.failure = failure;
        if failure.is_none() {
            tracked.rtt.observe(latency);
            tracked.passed = Some(flight.started);
        }
        let counted = if failure.is_some() { tracked.condition.detector.failures() + u32::from(!repeat) } else { 0 };
        let endpoint = tracked.name();
        self.emit(Event::Check(CheckReport {
            endpoint,
            failure,
            status,
            latency_ms: latency.get(),
            failures: counted,
            message: failure.map(|kind| kind.advice().to_owned()),
            headers,
        }));
        if repeat {
            return self.begin(index, flight.attempt + 1);
        }
        if matches!(self.situation, Situation::ToldOffline) {
            if failure.is_some() {
                return;
            }
            // The app asked for this check, and it passed: the platform is wrong about the network.
            self.situation = Situation::Steady;
            self.emit(Event::Online);
        }
        self.change_condition(index, |condition, config, now| match failure {
            None => condition.success(config.success_threshold, now),
            Some(_) => condition.failure(now),
        });
        self.conclude_attempt(index, failure.is_none());
    }

    /// Changes what is known of an endpoint, and tells the app if its health is another one.
    pub(super) fn change_condition(&mut self, index: usize, change: impl FnOnce(&mut Condition, &Config, Timestamp)) {
        let tracked = &mut self.endpoints[index];
        let from = tracked.condition.health();
        change(&mut tracked.condition, &self.config, self.now);
        let to = tracked.condition.health();
        if from != to {
            let endpoint = tracked.name();
            self.emit(Event::Health { endpoint, from, to });
        }
    }

    /// Whether every endpoint's last check ended without a sign that the network is there.
    pub(super) fn nothing_reachable(&self) -> bool {
        self.endpoints.iter().all(|tracked| tracked.failure.is_some_and(FailureKind::is_no_network))
    }
}
