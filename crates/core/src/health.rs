//! The health of one endpoint: a state machine over evidence.

use crate::detector::CountingDetector;
use crate::keyword::keywords;
use crate::time::Timestamp;

keywords! {
    /// What is known of an endpoint.
    pub enum Health {
        /// Nothing yet, or nothing any more.
        Unknown = "unknown",
        /// Its last check passed.
        Healthy = "healthy",
        /// There is evidence against it, not yet enough.
        Suspect = "suspect",
        /// The evidence sufficed.
        Unhealthy = "unhealthy",
    }
}

/// An endpoint's health and the evidence behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition {
    health: Health,
    pub(crate) detector: CountingDetector,
    successes: u32,
    since: Timestamp,
}

impl Condition {
    pub(crate) const fn new(failure_threshold: u32, now: Timestamp) -> Self {
        Self { health: Health::Unknown, detector: CountingDetector::new(failure_threshold), successes: 0, since: now }
    }

    pub(crate) const fn health(&self) -> Health {
        self.health
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.health == Health::Healthy
    }

    /// Successes in a row.
    pub(crate) const fn successes(&self) -> u32 {
        self.successes
    }

    /// Since when it has had its present health.
    pub(crate) const fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn success(&mut self, threshold: u32, now: Timestamp) {
        self.detector.success();
        self.successes = self.successes.saturating_add(1);
        let health = match self.health {
            Health::Unhealthy if self.successes < threshold => Health::Unhealthy,
            _ => Health::Healthy,
        };
        self.turn(health, now);
    }

    pub(crate) fn failure(&mut self, now: Timestamp) {
        self.detector.failure();
        self.successes = 0;
        let health = match self.health {
            _ if self.detector.is_down() => Health::Unhealthy,
            Health::Healthy => Health::Suspect,
            same => same,
        };
        self.turn(health, now);
    }

    /// Counting starts anew; what was concluded before stays.
    pub(crate) fn restart_count(&mut self) {
        self.detector.success();
    }

    /// Evidence from before a sleep or without a network says nothing about the endpoint.
    pub(crate) fn void_suspicion(&mut self, now: Timestamp) {
        self.restart_count();
        if self.health == Health::Suspect {
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

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn the_first_success_ever_suffices_and_later_ones_need_the_threshold() {
        let mut condition = Condition::new(2, NOW);
        condition.success(3, NOW);
        assert_eq!(condition.health(), Health::Healthy);
        condition.failure(NOW);
        assert_eq!(condition.health(), Health::Suspect);
        condition.failure(NOW);
        assert_eq!(condition.health(), Health::Unhealthy);
        condition.success(3, NOW);
        condition.success(3, NOW);
        assert_eq!(condition.health(), Health::Unhealthy);
        condition.success(3, NOW);
        assert_eq!(condition.health(), Health::Healthy);
    }

    #[test]
    fn an_unknown_endpoint_is_not_suspected_but_can_be_found_unhealthy() {
        let mut condition = Condition::new(2, NOW);
        condition.failure(NOW);
        assert_eq!(condition.health(), Health::Unknown);
        condition.failure(NOW);
        assert_eq!(condition.health(), Health::Unhealthy);
    }

    #[test]
    fn since_is_when_the_state_began() {
        let mut condition = Condition::new(2, NOW);
        condition.success(1, Timestamp::from_millis(10));
        condition.success(1, Timestamp::from_millis(20));
        assert_eq!(condition.since(), Timestamp::from_millis(10));
    }
}
