//! Starting checks when they are due, and taking in what came of them.

use super::{Engine, Presence};
use crate::config::Config;
use crate::detector::Others;
use crate::document::DocumentStatus;
use crate::effect::{CheckId, Effect};
use crate::event::{CheckReport, Event};
use crate::evidence::Evidence;
use crate::health::{Condition, Health, Maintenance, Pass};
use crate::outcome::{Answer, FailureKind, Outcome};
use crate::schedule::{Flight, MAX_TRIES};
use crate::situation::Situation;
use crate::time::{Millis, Timestamp, earliest};

/// How long maintenance is taken to last that was announced without saying so.
pub(super) const MAINTENANCE: Millis = Millis::from_secs(30);

/// Checks of a standby during a suspicion, if it does not answer: its network may be as lossy as the suspect's. That there is no way to it
/// need not be heard so often.
const STANDBY_TRIES: u32 = MAX_TRIES / 2;
const STANDBY_TRIES_WITHOUT_NETWORK: u32 = 2;

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
        earliest(&[self.endpoints[index].schedule.deadline(), self.start_due(index)])
    }

    /// When the next check of an endpoint starts.
    fn start_due(&self, index: usize) -> Option<Timestamp> {
        let tracked = &self.endpoints[index];
        let schedule = &tracked.schedule;
        let asked = schedule.asked.filter(|_| !schedule.is_checking());
        if !self.checking() {
            return asked;
        }
        let suspected = tracked.condition.detector.suspects();
        let due = match &self.situation {
            Situation::Attempt { .. } | Situation::ToldOffline => None,
            Situation::AllDown(outage) | Situation::PresumedOffline(outage) => {
                outage.round.filter(|_| !schedule.is_checking()).map(|at| schedule.rested(at))
            }
            Situation::Steady | Situation::Suspicion(_) if index == self.active => {
                // A crowd that waits for its turn to leave need not go on asking a server that is down.
                let decided = matches!(&self.situation, Situation::Suspicion(suspicion) if suspicion.decided);
                schedule.active_due(&self.config, tracked.endpoint.health.check(), suspected && !decided)
            }
            Situation::Suspicion(_) if self.is_being_asked(index) => schedule.hurried(self.config.suspect_interval),
            Situation::Steady | Situation::Suspicion(_) => schedule.standby_due(&self.config),
        };
        // What is asked for is in the place of what is due, but for what is due in haste.
        match (asked, due) {
            (Some(asked), Some(due)) if suspected => Some(asked.min(due)),
            (Some(asked), _) => Some(asked),
            (None, due) => due,
        }
    }

    /// Whether a standby has been asked since the suspicion began, has not passed, and may have been lost on the way.
    pub(super) fn is_being_asked(&self, index: usize) -> bool {
        let Situation::Suspicion(suspicion) = &self.situation else { return false };
        let tracked = &self.endpoints[index];
        let failure = tracked.failure.filter(|_| tracked.failed >= Some(suspicion.since));
        let tries = match failure {
            None | Some(FailureKind::Timeout) => STANDBY_TRIES,
            Some(FailureKind::Unreachable | FailureKind::Dns) => STANDBY_TRIES_WITHOUT_NETWORK,
            Some(_) => 0,
        };
        index != self.active && (1..tries).contains(&tracked.schedule.tries) && !self.is_fresh(index, suspicion.since)
    }

    pub(super) fn start_due_checks(&mut self) {
        for index in 0..self.endpoints.len() {
            if self.start_due(index).is_some_and(|at| at <= self.now) {
                self.begin(index, 0);
            }
        }
        let now = self.now;
        if let Some(outage) = self.situation.outage()
            && outage.round.is_some_and(|at| at <= now)
        {
            outage.round = None;
        }
        self.start_due_neutrals();
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
        let id = next_id(&mut self.last_check);
        let calm = !tracked.condition.detector.suspects();
        tracked.schedule.begin(Flight { id, started: self.now, timeout, attempt, calm });
        self.effects.push(Effect::StartCheck { id, endpoint: tracked.endpoint.clone(), timeout });
    }

    /// How long the next check may take. Each failure in a row earns the endpoint half as much patience again, up to twice as much: a
    /// jolt is forgiven, while one that has become slow for good does not pass as healthy. One that is down, or all that is left, gets all
    /// there is, because slow is then better than nothing.
    fn timeout(&self, index: usize) -> Millis {
        let tracked = &self.endpoints[index];
        let check = tracked.endpoint.health.check();
        match self.situation {
            Situation::Steady | Situation::Suspicion(_) if tracked.condition.health() != Health::Unhealthy || index == self.active => {
                let patience = 2 + tracked.condition.detector.failures().min(2);
                tracked.rtt.timeout(check.min_timeout(), check.timeout).scaled(patience, 2).min(check.timeout)
            }
            _ => check.timeout,
        }
    }

    /// Gives up the checks of an endpoint that are under way.
    pub(super) fn cancel(&mut self, index: usize) {
        while let Some(flight) = self.endpoints[index].schedule.flights().first().copied() {
            self.effects.push(Effect::CancelCheck { id: flight.id });
            self.end_flight(index, flight.id);
        }
    }

    fn end_flight(&mut self, index: usize, id: CheckId) -> Option<Flight> {
        self.endpoints[index].schedule.end(id, self.now, self.config.jitter_percent, &mut self.random)
    }

    /// Takes in what came of a check; one that is not under way any more is ignored.
    pub(super) fn finish(&mut self, id: CheckId, outcome: Outcome) {
        let is_its = |flight: &Flight| flight.id == id;
        let Some(index) = self.endpoints.iter().position(|tracked| tracked.schedule.flights().iter().any(is_its)) else {
            return self.finish_neutral(id, &outcome);
        };
        let Some(flight) = self.end_flight(index, id) else { return };
        let (failure, answer) = self.judge(index, flight, outcome);
        let announced = self.heed(index, &answer);
        self.learn(index, flight, failure, &answer);
        let repeat = failure.is_some() && announced.is_none() && flight.attempt < self.endpoints[index].endpoint.health.check().retries;
        let counted = !repeat && announced.is_none() && self.endpoints[index].condition.maintenance().is_none();
        let evidence = failure.map(|kind| Evidence::Check(kind, answer.status));
        let poor = self.is_poor(index, &answer);
        #[cfg(feature = "recovery")]
        let latency = answer.latency;
        self.report_check(index, failure, counted, answer);
        if repeat {
            return self.begin(index, flight.attempt + 1);
        }
        #[cfg(feature = "recovery")]
        self.tell_failures(index, failure, latency);
        if matches!(self.situation, Situation::ToldOffline) {
            if failure.is_some() {
                return;
            }
            // The app asked for this check, and it passed: the platform is wrong about the network.
            self.situation = Situation::Steady;
            self.emit(Event::Online);
        }
        if index != self.active {
            self.note_other(failure);
        }
        match (announced, evidence) {
            (Some(maintenance), _) => self.announce(index, maintenance),
            (None, None) => self.passed(index, flight, poor),
            (None, Some(evidence)) => self.hold_against(index, evidence),
        }
        self.conclude_attempt(index, failure.is_none());
    }

    /// Why the check did not pass, if it did not, and the answer as far as there is one.
    fn judge(&self, index: usize, flight: Flight, outcome: Outcome) -> (Option<FailureKind>, Answer) {
        match outcome {
            Outcome::Answer(answer) => (self.endpoints[index].endpoint.health.judge(&answer, flight.timeout), answer),
            Outcome::Failure(kind) => (Some(kind), Answer { latency: self.now - flight.started, ..Answer::default() }),
        }
    }

    /// Keeps what a check teaches of its endpoint, whatever follows from it.
    fn learn(&mut self, index: usize, flight: Flight, failure: Option<FailureKind>, answer: &Answer) {
        let tracked = &mut self.endpoints[index];
        tracked.failure = failure;
        if flight.calm && failure.is_none_or(|kind| !kind.is_no_network()) {
            tracked.condition.detector.loss.observe(failure == Some(FailureKind::Timeout));
        }
        if failure.is_none() {
            tracked.rtt.observe(answer.latency);
            tracked.passed = Some(flight.started);
        } else {
            tracked.failed = Some(flight.started);
        }
        tracked.history.check(failure, answer.latency, self.config.history, self.now);
        #[cfg(feature = "metrics")]
        tracked.totals.check(failure, answer.status, answer.latency);
    }

    /// Whether an endpoint that answers like this is only just healthy.
    fn is_poor(&self, index: usize, answer: &Answer) -> bool {
        let warns = answer.document.as_ref().is_some_and(|document| document.status == DocumentStatus::Warn);
        warns || Some(answer.latency).max(self.endpoints[index].rtt.smoothed()) > Some(self.config.degraded_latency)
    }

    fn passed(&mut self, index: usize, flight: Flight, poor: bool) {
        let schedule = &mut self.endpoints[index].schedule;
        schedule.tries = 0;
        let overtaken = schedule.flights().iter().filter(|other| other.started < flight.started).count();
        // What is still under way can tell nothing new.
        self.cancel(index);
        self.change_condition(index, &|condition, config, now| condition.success(config.success_threshold, Pass { poor, overtaken }, now));
    }

    /// Takes in evidence against an endpoint.
    pub(super) fn hold_against(&mut self, index: usize, evidence: Evidence) {
        let others = match &self.situation {
            Situation::Suspicion(suspicion) if index == self.active => suspicion.others,
            _ => Others::default(),
        };
        self.change_condition(index, &|condition, _, now| condition.failure(evidence, others, now));
        self.note_verdict(index);
    }

    /// Takes in what an answer says beyond its status: rest that the server asks for, maintenance that it announces.
    fn heed(&mut self, index: usize, answer: &Answer) -> Option<Maintenance> {
        let document = answer.document.as_ref();
        if let Some(spread) = document.and_then(|document| document.spread) {
            self.endpoints[index].spread = spread;
        }
        let rest = answer.retry_after().filter(|_| matches!(answer.status, Some(429 | 503)));
        // Everyone was told the same: none comes back earlier, and not all at the same moment.
        self.endpoints[index].schedule.rest = rest.map(|rest| self.now + rest + self.random.within(self.config.spread.forced));
        let by_document = document.is_some_and(|document| document.status == DocumentStatus::Maintenance);
        let announced = by_document || (answer.status == Some(503) && rest.is_some());
        // The published script knows nothing of it.
        (announced && !self.is_cyclic()).then(|| Maintenance::Until(self.now + rest.unwrap_or(MAINTENANCE)))
    }

    pub(super) fn announce(&mut self, index: usize, maintenance: Maintenance) {
        self.change_condition(index, &|condition, _, now| condition.announce(maintenance, now));
    }

    /// Tells the app of a check. A failure that is not `counted` adds nothing to those in a row.
    fn report_check(&mut self, index: usize, failure: Option<FailureKind>, counted: bool, answer: Answer) {
        let failures = failure.map_or(0, |_| self.endpoints[index].condition.detector.failures() + u32::from(counted));
        self.emit(Event::Check(CheckReport {
            endpoint: self.endpoints[index].name(),
            failure,
            status: answer.status,
            latency_ms: answer.latency.get(),
            failures,
            message: failure.map(|kind| kind.advice().to_owned()),
            failing: answer.document.map(|document| document.failing).unwrap_or_default(),
            headers: answer.headers,
        }));
    }

    /// Changes what is known of an endpoint, and tells the app if its health is another one.
    pub(super) fn change_condition(&mut self, index: usize, change: &dyn Fn(&mut Condition, &Config, Timestamp)) {
        let tracked = &mut self.endpoints[index];
        let from = tracked.condition.health();
        change(&mut tracked.condition, &self.config, self.now);
        let to = tracked.condition.health();
        if from != to {
            let endpoint = tracked.name();
            self.conditions_changed = true;
            self.emit(Event::Health { endpoint, from, to });
            if from == Health::Unhealthy {
                self.try_circuit(index);
            }
        }
    }

    /// Whether every endpoint's last check ended with the word that there is no network.
    pub(super) fn nothing_reachable(&self) -> bool {
        self.endpoints.iter().all(|tracked| tracked.failure.is_some_and(FailureKind::is_no_network))
    }

    /// Whether every endpoint's last check ended without a sign that the network is there.
    pub(super) fn nothing_answers(&self) -> bool {
        self.endpoints.iter().all(|tracked| tracked.failure.is_some_and(FailureKind::is_no_answer))
    }
}

/// A number that no check has had yet.
pub(super) fn next_id(last: &mut u64) -> CheckId {
    *last += 1;
    CheckId(*last)
}
