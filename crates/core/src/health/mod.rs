//! The health of one endpoint: a state machine over evidence.

pub(crate) mod detector;
pub(crate) mod evidence;
pub(crate) mod loss;
pub(crate) mod rtt;
pub(crate) mod share;

use crate::base::keyword::keywords;
use crate::base::time::Timestamp;
use detector::{Detector, Row, Rule, Weighed, Witnesses};
use evidence::{Evidence, Weight};

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

/// An endpoint's health and the evidence behind it.
#[derive(Clone, Debug)]
pub(crate) struct EndpointHealth {
    health: Health,
    detector: Detector,
    successes: u32,
    since: Timestamp,
    exclusion: Option<Exclusion>,
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

/// Why an endpoint is not to be used, whatever its checks show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exclusion {
    /// The server announced maintenance until this time; it ends as soon as a check passes.
    Announced(Timestamp),
    /// The app announced maintenance, and ends it.
    Commanded,
    /// Its connections are to end until this time, however its checks go.
    Drained(Timestamp),
    /// Taken out of rotation until this time, however its checks go.
    Removed(Timestamp),
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
            exclusion: None,
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

    pub(crate) const fn exclusion(&self) -> Option<Exclusion> {
        self.exclusion
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
        match self.exclusion {
            Some(Exclusion::Commanded) => return None,
            Some(Exclusion::Drained(end) | Exclusion::Removed(end)) if now < end => return None,
            _ => self.exclusion = None,
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
        match self.exclusion {
            // It was said that it would fail.
            Some(Exclusion::Commanded) => return None,
            Some(Exclusion::Announced(end) | Exclusion::Drained(end) | Exclusion::Removed(end))
                if now < end =>
            {
                return None;
            }
            _ => self.exclusion = None,
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

    /// The endpoint is not to be used for a while. The app's word counts for more than the
    /// server's.
    pub(crate) fn exclude(&mut self, exclusion: Exclusion, now: Timestamp) -> Option<HealthChange> {
        match self.exclusion {
            Some(Exclusion::Commanded) => {}
            Some(Exclusion::Removed(end)) if now < end && exclusion != Exclusion::Commanded => {}
            Some(Exclusion::Drained(end))
                if now < end && matches!(exclusion, Exclusion::Announced(_)) => {}
            _ => self.exclusion = Some(exclusion),
        }
        self.successes = 0;
        self.detector.restart();
        let removed = matches!(self.exclusion, Some(Exclusion::Removed(_)));
        self.turn(if removed { Health::Unhealthy } else { Health::Maintenance }, now)
    }

    /// Somebody takes back that the endpoint is not to be used.
    pub(crate) fn include(&mut self, now: Timestamp) -> Option<HealthChange> {
        self.exclusion.take()?;
        self.turn(Health::Unknown, now)
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
        if self.is_removed(now) {
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
        self.detector.is_down() || self.is_removed(now)
    }

    /// Whether the app has said that it is not to be used, and does not want it yet.
    pub(crate) fn is_unwanted(&self, now: Timestamp) -> bool {
        match self.exclusion {
            Some(Exclusion::Commanded) => true,
            Some(Exclusion::Drained(end)) => now < end,
            _ => false,
        }
    }

    /// Whether it is out of rotation at present.
    pub(crate) fn is_removed(&self, now: Timestamp) -> bool {
        matches!(self.exclusion, Some(Exclusion::Removed(end)) if now < end)
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
