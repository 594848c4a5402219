//! The health of one endpoint: a state machine over evidence.

use crate::detector::{Detector, Others, Rule};
use crate::evidence::Evidence;
use crate::keyword::keywords;
use crate::time::Timestamp;

keywords! {
    /// What is known of an endpoint.
    pub enum Health {
        /// Nothing yet, or nothing any more.
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

/// An endpoint's health and the evidence behind it.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    health: Health,
    pub(crate) detector: Detector,
    successes: u32,
    since: Timestamp,
    maintenance: Option<Maintenance>,
}

/// An announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maintenance {
    /// By the server, until this time; it ends as soon as a check passes.
    Until(Timestamp),
    /// By the app, which also ends it.
    Commanded,
    /// Taken out of rotation until this time, however its checks go.
    #[cfg_attr(not(feature = "recovery"), expect(dead_code, reason = "only recovery takes endpoints out of rotation"))]
    Removed(Timestamp),
}

/// How a check passed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    /// Slowly, or with a warning.
    pub(crate) poor: bool,
    /// So many checks that began earlier are still without an answer.
    pub(crate) overtaken: usize,
}

impl Condition {
    pub(crate) const fn new(rule: Rule, now: Timestamp) -> Self {
        Self { health: Health::Unknown, detector: Detector::new(rule), successes: 0, since: now, maintenance: None }
    }

    pub(crate) const fn health(&self) -> Health {
        self.health
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.health == Health::Healthy
    }

    /// Whether the app may be connected to it.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(self.health, Health::Healthy | Health::Degraded)
    }

    pub(crate) const fn maintenance(&self) -> Option<Maintenance> {
        self.maintenance
    }

    /// Successes in a row.
    pub(crate) const fn successes(&self) -> u32 {
        self.successes
    }

    /// Since when it has had its present health.
    pub(crate) const fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn success(&mut self, threshold: u32, pass: Pass, now: Timestamp) {
        self.detector.success(pass.overtaken);
        self.successes = self.successes.saturating_add(1);
        match self.maintenance {
            Some(Maintenance::Commanded) => return,
            Some(Maintenance::Removed(end)) if now < end => return,
            _ => self.maintenance = None,
        }
        if self.health == Health::Unhealthy && self.successes >= threshold {
            self.detector.acquit();
        }
        let health = match self.health {
            Health::Unhealthy if self.successes < threshold => Health::Unhealthy,
            _ if pass.poor || self.detector.is_flaky() => Health::Degraded,
            _ => Health::Healthy,
        };
        self.turn(health, now);
    }

    pub(crate) fn failure(&mut self, evidence: Evidence, others: Others, now: Timestamp) {
        self.successes = 0;
        match self.maintenance {
            // It said that it would fail.
            Some(Maintenance::Commanded) => return,
            Some(Maintenance::Until(end) | Maintenance::Removed(end)) if now < end => return,
            _ => self.maintenance = None,
        }
        self.detector.failure(evidence, others, now);
        let health = match self.health {
            _ if self.detector.is_down() => Health::Unhealthy,
            Health::Healthy | Health::Degraded | Health::Maintenance => Health::Suspect,
            same => same,
        };
        self.turn(health, now);
    }

    /// The endpoint, or the app, says that it is not to be used for a while.
    pub(crate) fn announce(&mut self, maintenance: Maintenance, now: Timestamp) {
        match self.maintenance {
            Some(Maintenance::Commanded) => {}
            Some(Maintenance::Removed(end)) if now < end && maintenance != Maintenance::Commanded => {}
            _ => self.maintenance = Some(maintenance),
        }
        self.successes = 0;
        self.detector.restart();
        self.turn(Health::Maintenance, now);
    }

    /// The app takes back what it announced.
    pub(crate) fn end_maintenance(&mut self, now: Timestamp) {
        if self.maintenance.take().is_some() {
            self.turn(Health::Unknown, now);
        }
    }

    /// Counting starts anew; what was concluded before stays.
    pub(crate) fn restart_count(&mut self) {
        self.detector.restart();
    }

    /// Evidence from before a sleep or without a network says nothing about the endpoint.
    pub(crate) fn void_suspicion(&mut self, now: Timestamp) {
        self.restart_count();
        if self.health == Health::Suspect {
            self.turn(Health::Unknown, now);
        }
    }

    /// The network was to blame: nothing was learnt of the endpoint.
    pub(crate) fn void_verdict(&mut self, now: Timestamp) {
        self.detector.acquit();
        if matches!(self.health, Health::Suspect | Health::Unhealthy) {
            self.turn(Health::Unknown, now);
        }
    }

    fn turn(&mut self, health: Health, now: Timestamp) {
        if self.health != health {
            self.health = health;
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::FailureKind;
    use crate::time::Millis;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn condition() -> Condition {
        Condition::new(Rule::Count(2), NOW)
    }

    fn fail(condition: &mut Condition, now: Timestamp) {
        condition.failure(Evidence::Check(FailureKind::Refused, None), Others::default(), now);
    }

    fn pass(condition: &mut Condition, threshold: u32) {
        condition.success(threshold, Pass::default(), NOW);
    }

    #[test]
    fn the_first_success_ever_suffices_and_later_ones_need_the_threshold() {
        let mut condition = condition();
        pass(&mut condition, 3);
        assert_eq!(condition.health(), Health::Healthy);
        fail(&mut condition, NOW);
        assert_eq!(condition.health(), Health::Suspect);
        fail(&mut condition, NOW);
        assert_eq!(condition.health(), Health::Unhealthy);
        pass(&mut condition, 3);
        pass(&mut condition, 3);
        assert_eq!(condition.health(), Health::Unhealthy);
        pass(&mut condition, 3);
        assert_eq!(condition.health(), Health::Healthy);
    }

    #[test]
    fn an_unknown_endpoint_is_not_suspected_but_can_be_found_unhealthy() {
        let mut condition = condition();
        fail(&mut condition, NOW);
        assert_eq!(condition.health(), Health::Unknown);
        fail(&mut condition, NOW);
        assert_eq!(condition.health(), Health::Unhealthy);
    }

    #[test]
    fn only_healthy_and_degraded_ones_are_usable() {
        let mut condition = condition();
        let seen = |condition: &Condition| (condition.is_healthy(), condition.is_usable(), condition.successes());
        assert_eq!(seen(&condition), (false, false, 0));
        pass(&mut condition, 1);
        pass(&mut condition, 1);
        assert_eq!(seen(&condition), (true, true, 2));
        condition.success(1, Pass { poor: true, overtaken: 0 }, NOW);
        assert_eq!(seen(&condition), (false, true, 3));
        fail(&mut condition, NOW);
        assert_eq!(seen(&condition), (false, false, 0), "not while it is suspected");
    }

    #[test]
    fn failures_counted_anew_begin_at_none() {
        let mut condition = condition();
        pass(&mut condition, 1);
        fail(&mut condition, NOW);
        condition.restart_count();
        fail(&mut condition, NOW);
        assert_eq!((condition.health(), condition.detector.failures()), (Health::Suspect, 1));
    }

    #[test]
    fn a_suspicion_that_is_void_leaves_nothing_and_a_verdict_stands() {
        let mut suspected = condition();
        pass(&mut suspected, 1);
        fail(&mut suspected, NOW);
        suspected.void_suspicion(NOW);
        assert_eq!((suspected.health(), suspected.detector.failures()), (Health::Unknown, 0));
        let mut convicted = condition();
        fail(&mut convicted, NOW);
        fail(&mut convicted, NOW);
        convicted.void_suspicion(NOW);
        assert_eq!((convicted.health(), convicted.detector.failures()), (Health::Unhealthy, 0));
        convicted.void_verdict(NOW);
        assert_eq!(convicted.health(), Health::Unknown);
        let mut healthy = condition();
        pass(&mut healthy, 1);
        healthy.void_suspicion(NOW);
        healthy.void_verdict(NOW);
        assert_eq!(healthy.health(), Health::Healthy);
    }

    #[test]
    fn since_is_when_the_state_began() {
        let mut condition = condition();
        condition.success(1, Pass::default(), Timestamp::from_millis(10));
        condition.success(1, Pass::default(), Timestamp::from_millis(20));
        assert_eq!(condition.since(), Timestamp::from_millis(10));
    }

    #[test]
    fn a_poor_pass_degrades_and_a_good_one_restores() {
        let mut condition = condition();
        condition.success(1, Pass { poor: true, overtaken: 0 }, NOW);
        assert_eq!(condition.health(), Health::Degraded);
        pass(&mut condition, 1);
        assert_eq!(condition.health(), Health::Healthy);
    }

    #[test]
    fn one_that_fails_every_other_time_is_degraded_before_it_is_convicted() {
        let mut condition = Condition::new(Rule::Accrue(crate::evidence::Weight::decades(8)), NOW);
        let mut seen = Vec::new();
        for _ in 0..4 {
            pass(&mut condition, 1);
            seen.push(condition.health());
            condition.failure(Evidence::Check(FailureKind::Status, Some(500)), Others::default(), NOW);
        }
        assert_eq!(seen, [Health::Healthy, Health::Healthy, Health::Healthy, Health::Degraded]);
        assert_eq!(condition.health(), Health::Unhealthy);
        pass(&mut condition, 1);
        assert_eq!(condition.health(), Health::Healthy, "a verdict has been drawn from what was");
    }

    #[test]
    fn what_fails_in_announced_maintenance_is_not_held_against_it() {
        let mut condition = condition();
        let end = NOW + Millis::from_secs(30);
        condition.announce(Maintenance::Until(end), NOW);
        (0..5).for_each(|_| fail(&mut condition, NOW));
        assert_eq!((condition.health(), condition.detector.failures()), (Health::Maintenance, 0));
        fail(&mut condition, end);
        assert_eq!(condition.health(), Health::Suspect, "it has not kept its word");
        condition.announce(Maintenance::Until(end), NOW);
        pass(&mut condition, 1);
        assert_eq!(condition.health(), Health::Healthy, "it is back early");
    }

    #[test]
    fn what_was_taken_out_of_rotation_stays_out_for_its_time() {
        let mut condition = condition();
        let end = NOW + Millis::from_secs(30);
        condition.announce(Maintenance::Removed(end), NOW);
        pass(&mut condition, 1);
        fail(&mut condition, NOW);
        condition.announce(Maintenance::Until(NOW), NOW);
        assert_eq!(condition.maintenance(), Some(Maintenance::Removed(end)));
        let (mut announced, mut over) = (condition.clone(), condition.clone());
        announced.announce(Maintenance::Commanded, NOW);
        assert_eq!(announced.maintenance(), Some(Maintenance::Commanded), "the app's word counts for more");
        over.announce(Maintenance::Until(end + Millis::from_secs(1)), end);
        assert_eq!(over.maintenance(), Some(Maintenance::Until(end + Millis::from_secs(1))), "its time is over");
        condition.success(1, Pass::default(), end);
        assert_eq!(condition.health(), Health::Healthy);
    }

    #[test]
    fn what_the_app_announced_the_app_ends() {
        let mut condition = condition();
        condition.announce(Maintenance::Commanded, NOW);
        pass(&mut condition, 1);
        condition.announce(Maintenance::Until(NOW), NOW);
        fail(&mut condition, NOW);
        assert_eq!(condition.health(), Health::Maintenance);
        condition.end_maintenance(NOW);
        assert_eq!(condition.health(), Health::Unknown);
        pass(&mut condition, 1);
        assert_eq!(condition.health(), Health::Healthy);
    }
}
