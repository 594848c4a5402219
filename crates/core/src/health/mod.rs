//! The health of one endpoint: a state machine over evidence.

pub(crate) mod detector;
pub(crate) mod evidence;
mod exclusion;
pub(crate) mod loss;
pub(crate) mod rtt;
pub(crate) mod share;

use crate::base::keyword::keywords;
use crate::base::time::{Millis, Timestamp};
use detector::{Detector, Row, Rule, Weighed, Witnesses};
use evidence::{Evidence, Weight};
pub(crate) use exclusion::Exclusion;
use exclusion::Exclusions;

keywords! {
    /// The health of an endpoint.
    pub enum Health {
        /// Nothing is known yet, or any more.
        Unknown = "unknown",
        /// Its last check passed.
        Healthy = "healthy",
        /// It works, but slowly, or fails now and then: used if nothing better is there.
        Degraded = "degraded",
        /// There is evidence against it, not yet enough.
        Suspect = "suspect",
        /// The evidence sufficed.
        Unhealthy = "unhealthy",
        /// It, or the app, has announced that it is not to be used for a while.
        Maintenance = "maintenance",
    }
}

impl Health {
    /// Whether the app may be connected to an endpoint of this health.
    pub(crate) const fn is_usable(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }
}

/// How long after its end a maintenance still counts, while no check has shown the endpoint's health:
/// as long as hidden pages put off their timers.
const STALE_AFTER: Millis = Millis::from_secs(60);

/// An endpoint's health and the evidence behind it.
#[derive(Clone, Debug)]
pub(crate) struct EndpointHealth {
    health: Health,
    detector: Detector,
    successes: u32,
    since: Timestamp,
    exclusions: Exclusions,
    /// The evidence by which it was last found unhealthy.
    verdict: Option<Box<Verdict>>,
}

/// The evidence by which an endpoint was found unhealthy.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) at: Timestamp,
    pub(crate) suspicion: Weight,
    pub(crate) evidence: Vec<Weighed>,
}

/// A change of an endpoint's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HealthChange {
    pub(crate) from: Health,
    pub(crate) to: Health,
}

/// How a check passed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    /// Slowly, or with a warning.
    pub(crate) poor: bool,
    /// Checks that began earlier and are still without an answer.
    pub(crate) overtaken: usize,
}

impl EndpointHealth {
    pub(crate) fn new(rule: Rule, now: Timestamp) -> Self {
        Self {
            health: Health::Unknown,
            detector: Detector::new(rule),
            successes: 0,
            since: now,
            exclusions: Exclusions::default(),
            verdict: None,
        }
    }

    pub(crate) const fn health(&self) -> Health {
        self.health
    }

    /// Whether the app may be connected to it, as far as its checks show.
    pub(crate) const fn is_usable(&self) -> bool {
        self.health.is_usable()
    }

    /// Why it is not to be used at present.
    pub(crate) fn exclusion(&self, now: Timestamp) -> Option<Exclusion> {
        self.exclusions.at(now)
    }

    /// The health that decisions go by. A maintenance that has been over for a while without a check
    /// since, as in the background, says nothing.
    pub(crate) fn present(&self, now: Timestamp) -> Health {
        let over = || self.exclusions.end().is_some_and(|end| end + STALE_AFTER <= now);
        if self.health == Health::Maintenance && over() { Health::Unknown } else { self.health }
    }

    pub(crate) const fn detector(&self) -> &Detector {
        &self.detector
    }

    pub(crate) fn detector_mut(&mut self) -> &mut Detector {
        &mut self.detector
    }

    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_deref()
    }

    /// Successes in a row.
    pub(crate) const fn successes(&self) -> u32 {
        self.successes
    }

    /// Since when it has had its present health.
    pub(crate) const fn since(&self) -> Timestamp {
        self.since
    }

    /// Takes in a check that passed.
    pub(crate) fn success(
        &mut self,
        threshold: u32,
        pass: Pass,
        now: Timestamp,
    ) -> Option<HealthChange> {
        let row = match self.health {
            Health::Unhealthy => Row::Confirmed,
            _ => Row::Refuted { overtaken: pass.overtaken },
        };
        self.detector.success(row, now);
        self.successes = self.successes.saturating_add(1);
        self.exclusions.passed();
        self.exclusions.expire(now);
        if let Some(exclusion) = self.exclusions.at(now) {
            return self.turn(exclusion.health(), now);
        }
        let health = match self.health {
            Health::Unhealthy if self.successes < threshold => Health::Unhealthy,
            _ if pass.poor || self.detector.is_flaky() => Health::Degraded,
            _ => Health::Healthy,
        };
        self.turn(health, now)
    }

    /// Takes in evidence against the endpoint.
    pub(crate) fn failure(
        &mut self,
        evidence: Evidence,
        witnesses: Witnesses,
        now: Timestamp,
    ) -> Option<HealthChange> {
        self.successes = 0;
        self.exclusions.expire(now);
        if let Some(exclusion) = self.exclusions.at(now) {
            // It was said that it would fail.
            return self.turn(exclusion.health(), now);
        }
        self.detector.failure(evidence, witnesses, now);
        let health = match self.health {
            _ if self.detector.is_down() => Health::Unhealthy,
            Health::Healthy | Health::Degraded | Health::Maintenance => Health::Suspect,
            same => same,
        };
        let change = self.turn(health, now);
        if change.is_some() && health == Health::Unhealthy {
            self.detector.discard_recent();
            self.verdict = Some(Box::new(Verdict {
                at: now,
                suspicion: self.detector.suspicion(),
                evidence: self.detector.evidence().to_vec(),
            }));
        }
        change
    }

    /// The endpoint is not to be used for a while.
    pub(crate) fn exclude(&mut self, exclusion: Exclusion, now: Timestamp) -> Option<HealthChange> {
        let before = self.exclusions.at(now);
        self.exclusions.add(exclusion);
        if let Exclusion::Drained(end) | Exclusion::Removed(end) = exclusion
            && end <= now
        {
            // For no time at all: what was said before is over.
            self.exclusions.expire(now);
            return self.include(before.is_some(), now);
        }
        self.successes = 0;
        self.detector.restart();
        self.turn(self.exclusions.at(now).unwrap_or(exclusion).health(), now)
    }

    /// The app ends maintenance.
    pub(crate) fn end_maintenance(&mut self, now: Timestamp) -> Option<HealthChange> {
        let ended = self.exclusions.end_maintenance();
        self.include(ended, now)
    }

    /// Less speaks against its use than before, if something has `ended`.
    fn include(&mut self, ended: bool, now: Timestamp) -> Option<HealthChange> {
        let health = self.exclusions.at(now).map_or(Health::Unknown, Exclusion::health);
        if ended { self.turn(health, now) } else { None }
    }

    /// When it may be used again though no check shows it, for it has none.
    pub(crate) fn excluded_until(&self) -> Option<Timestamp> {
        self.exclusions.end().filter(|_| self.health != Health::Unknown)
    }

    /// Ends what kept it from being used, without a check, if the time for that has come.
    pub(crate) fn include_unchecked(&mut self, now: Timestamp) -> Option<HealthChange> {
        let over = self.excluded_until().is_some_and(|end| end <= now);
        self.include(over, now)
    }

    /// Takes over what has been said of the name from the health of another host.
    pub(crate) fn take_over(&mut self, before: &Self, now: Timestamp) {
        self.exclusions = before.exclusions.of_name();
        if let Some(exclusion) = self.exclusions.at(now) {
            self.turn(exclusion.health(), now);
        }
    }

    /// Counting starts anew; what was concluded before stays.
    pub(crate) fn restart_count(&mut self) {
        self.detector.reset();
        self.detector.discard_recent();
    }

    /// Of the successes in a row no more than `most` count: they are from before a sleep.
    pub(crate) fn doubt_successes(&mut self, most: u32) {
        self.successes = self.successes.min(most);
    }

    /// Evidence from before a sleep or without a network says nothing about the endpoint.
    pub(crate) fn discard_suspicion(&mut self, now: Timestamp) -> Option<HealthChange> {
        self.detector.discard_row();
        if self.health == Health::Suspect { self.turn(Health::Unknown, now) } else { None }
    }

    /// The network was to blame: nothing was learnt of the endpoint.
    pub(crate) fn discard_verdict(&mut self, now: Timestamp) -> Option<HealthChange> {
        if self.is_taken_out(now) {
            return None;
        }
        self.detector.reset();
        self.detector.discard_recent();
        if matches!(self.health, Health::Suspect | Health::Unhealthy) {
            return self.turn(Health::Unknown, now);
        }
        None
    }

    /// Whether the evidence suffices, or somebody else has decided so.
    pub(crate) fn is_down(&self, now: Timestamp) -> bool {
        self.detector.is_down() || self.is_taken_out(now)
    }

    /// Whether it is unhealthy because somebody has taken it out of rotation.
    fn is_taken_out(&self, now: Timestamp) -> bool {
        matches!(self.exclusion(now), Some(Exclusion::Removed(_)))
    }

    /// Whether the app has said that it is not to be used, and does not want it yet.
    pub(crate) fn is_unwanted(&self, now: Timestamp) -> bool {
        matches!(self.exclusion(now), Some(Exclusion::Commanded | Exclusion::Drained(_)))
    }

    /// Whether it is out of rotation at present, in maintenance or not.
    #[cfg(any(test, feature = "recovery"))]
    pub(crate) fn is_removed(&self, now: Timestamp) -> bool {
        self.exclusions.is_removed(now)
    }

    fn turn(&mut self, to: Health, now: Timestamp) -> Option<HealthChange> {
        let from = std::mem::replace(&mut self.health, to);
        if from == to {
            return None;
        }
        self.since = now;
        Some(HealthChange { from, to })
    }
}

#[cfg(test)]
mod tests;
