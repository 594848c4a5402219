//! What is known of one endpoint by its checks.

use super::schedule::Schedule;
use crate::base::time::{Millis, Timestamp};
use crate::config::{Check, Config};
use crate::health::detector::Rule;
use crate::health::evidence::{Evidence, Weight};
use crate::health::loss::{LossEstimator, Sample};
use crate::health::rtt::RttEstimator;
use crate::health::{EndpointHealth, HealthChange};
use crate::protocol::outcome::FailureKind;

/// Maximum number of checks in a row that are made closely because an endpoint fails now and then.
const MAX_CLOSE_LOOKS: u8 = 60;

/// What is known of one endpoint by its checks.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(super) health: EndpointHealth,
    pub(super) schedule: Schedule,
    rtt: RttEstimator,
    /// Over how long a time the server asks its clients to spread their moves.
    spread: Millis,
    last: Option<LastCheck>,
    /// When the last check that passed began.
    last_pass: Option<Timestamp>,
    /// Since when it is asked as an alternative to a suspect, and when the first check since began
    /// that passed.
    asked_since: Timestamp,
    first_pass: Option<Timestamp>,
    /// When the last answer came, whatever it was.
    last_answer: Option<Timestamp>,
    /// When the last sign of failure came, or the check that showed it began.
    last_failure: Option<Timestamp>,
    /// Checks in a row that were made closely because it fails now and then.
    close_looks: u8,
    /// The last evidence against it that is no check, and when it came.
    reported: Option<(Evidence, Timestamp)>,
    /// A check was given up because a wake-up came late, and none has ended in time since.
    given_up_late: bool,
}

/// The last check that ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastCheck {
    started: Timestamp,
    pub(super) failure: Option<FailureKind>,
}

/// What a check taught.
pub(super) struct Observation {
    pub(super) started: Timestamp,
    pub(super) failure: Option<FailureKind>,
    /// The time that the answer took, if there was one.
    pub(super) latency: Option<Millis>,
    /// The result is one of a check out of the blue.
    pub(super) sample: Option<Sample>,
}

impl Checked {
    pub(super) fn new(config: &Config, now: Timestamp) -> Self {
        let level = Weight::decades(config.suspicion_level as u16);
        let rule = config.failure_threshold.map_or(Rule::Accrue(level), Rule::Count);
        Self {
            health: EndpointHealth::new(rule, now),
            schedule: Schedule::new(now),
            rtt: RttEstimator::default(),
            spread: Millis::ZERO,
            last: None,
            last_pass: None,
            asked_since: now,
            first_pass: None,
            last_failure: None,
            last_answer: None,
            close_looks: 0,
            reported: None,
            given_up_late: false,
        }
    }

    pub(super) fn learn(&mut self, observation: &Observation, now: Timestamp) {
        let Observation { started, failure, latency, sample } = *observation;
        self.last = Some(LastCheck { started, failure });
        if failure != Some(FailureKind::Timeout) {
            self.given_up_late = false;
        }
        if !failure.is_some_and(FailureKind::is_no_answer) {
            self.last_answer = Some(now);
        }
        if let Some(sample) = sample {
            self.health.detector_mut().observe(sample);
        }
        self.close_looks = if self.health.detector().is_doubtful() {
            self.close_looks.saturating_add(1)
        } else {
            0
        };
        if let Some(latency) = latency {
            self.rtt.observe(latency);
        }
        if failure.is_none() {
            self.last_pass = Some(started);
            self.first_pass =
                self.first_pass.or(Some(started).filter(|at| *at >= self.asked_since));
        } else {
            self.last_failure = Some(started);
        }
    }

    /// Takes in the end of a check that had failed by its timeout.
    pub(super) fn learn_late(
        &mut self,
        latency: Option<Millis>,
        sample: Option<Sample>,
        now: Timestamp,
    ) {
        self.health.detector_mut().late_check_ended(latency.is_some(), now);
        if let Some(sample) = sample {
            self.health.detector_mut().observe(sample);
        }
        if let Some(latency) = latency {
            self.rtt.observe(latency);
        }
    }

    /// Something other than a check speaks against the endpoint. False if the same has been said
    /// since its last check began: requests that fail together have one cause, and the check that
    /// they ask for tells more than another of them.
    pub(super) fn take_report(&mut self, evidence: Evidence, now: Timestamp) -> bool {
        self.last_failure = Some(now);
        let asked = self.last.map(|last| last.started);
        let repeats = |(what, at): (Evidence, Timestamp)| what == evidence && Some(at) >= asked;
        let is_news = !self.reported.is_some_and(repeats);
        if is_news {
            self.reported = Some((evidence, now));
        }
        is_news
    }

    /// The path to the endpoint is another one: its round trips and losses are unknown.
    pub(super) fn forget_path(&mut self) {
        self.rtt.forget();
        self.health.detector_mut().set_loss(LossEstimator::default());
    }

    /// Gives up a check whose deadline passed while nobody was awake to see it. The first time says
    /// nothing; from then on it counts as unanswered, until a check ends in time.
    pub(super) fn give_up_late(&mut self) -> bool {
        std::mem::replace(&mut self.given_up_late, true)
    }

    pub(super) fn set_spread(&mut self, spread: Millis) {
        self.spread = spread;
    }

    /// How long the next check may take to pass. Each failure in a row earns the endpoint half as
    /// much patience again, up to twice as much: a jolt is forgiven, while a lasting slowdown is
    /// not.
    pub(super) fn timeout(&self, check: &Check) -> Millis {
        let patience = 2 + self.health.detector().failures().min(2);
        let learnt = self.rtt.timeout(check.min_timeout(), check.timeout);
        learnt.scaled(patience, 2).min(check.timeout)
    }

    pub(super) fn is_slow(&self, latency: Millis, limit: Millis) -> bool {
        Some(latency).max(self.rtt.smoothed()) > Some(limit)
    }

    /// How the last check failed, if it did.
    pub(crate) fn failure(&self) -> Option<FailureKind> {
        self.last?.failure
    }

    /// How a check ended that began at `since` or later: the endpoint as a witness of the network.
    pub(super) fn last_check_since(&self, since: Timestamp) -> Option<LastCheck> {
        self.last.filter(|last| last.started >= since)
    }

    pub(crate) const fn last_pass(&self) -> Option<Timestamp> {
        self.last_pass
    }

    /// When the first check began that passed since it was asked as an alternative.
    pub(crate) const fn first_pass(&self) -> Option<Timestamp> {
        self.first_pass
    }

    /// It is an alternative to a suspect from now on: it is asked in haste, and what it answered
    /// before does not tell the two apart.
    pub(super) fn begin_as_alternative(&mut self, now: Timestamp) {
        self.schedule.restart_attempts();
        (self.asked_since, self.first_pass) = (now, None);
    }

    pub(crate) const fn last_answer(&self) -> Option<Timestamp> {
        self.last_answer
    }

    pub(crate) const fn last_failure(&self) -> Option<Timestamp> {
        self.last_failure
    }

    pub(crate) const fn spread(&self) -> Millis {
        self.spread
    }

    pub(crate) const fn health(&self) -> &EndpointHealth {
        &self.health
    }

    pub(crate) const fn rtt(&self) -> &RttEstimator {
        &self.rtt
    }

    pub(crate) const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Takes over what was learnt in an earlier run.
    pub(crate) fn restore(&mut self, rtt: RttEstimator, loss: LossEstimator) {
        self.rtt = rtt;
        self.health.detector_mut().set_loss(loss);
    }

    /// The endpoint's URL or check is another one: what was learnt of the host is void, and what
    /// the app said of the name stays.
    pub(super) fn replace(&mut self, config: &Config, now: Timestamp) -> Option<HealthChange> {
        let before = std::mem::replace(self, Self::new(config, now)).health;
        self.health.take_over(&before, now);
        let (from, to) = (before.health(), self.health.health());
        (from != to).then_some(HealthChange { from, to })
    }

    /// Whether it works, and has failed so often lately that it is worth looking more closely. An
    /// endpoint that goes on like this is not looked at closely for ever.
    pub(super) fn is_doubtful(&self) -> bool {
        self.health.is_usable()
            && self.health.detector().is_doubtful()
            && self.close_looks < MAX_CLOSE_LOOKS
    }
}
