//! Whether an endpoint can be connected to: attempts that failed, and a back-off of its own.

use super::backoff::Backoff;
use crate::base::random::Random;
use crate::base::time::{Millis, Timestamp};
use crate::config::Retry;

/// Failed attempts in a row after which an endpoint is taken for one that cannot be connected to.
const UNREACHABLE: u32 = 3;
/// For so long an attempt that failed speaks against new ones, while an older connection is open.
const LATELY: Millis = Millis::from_secs(300);
/// A connection that was open for so long has shown that it works.
pub(crate) const STABLE: Millis = Millis::from_secs(5);

/// What is known of connecting to one endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    /// Attempts in a row that did not lead to a lasting connection.
    failures: u32,
    /// Some of them came while the endpoint's checks passed.
    held: bool,
    backoff: Backoff,
    retry_at: Option<Timestamp>,
    /// When the last attempt failed.
    failed_at: Timestamp,
}

impl Reach {
    /// An attempt did not open, or broke off at once. Returns how long to wait before the next.
    pub(crate) fn failed(
        &mut self,
        now: Timestamp,
        retry: &Retry,
        random: &mut Random,
    ) -> Timestamp {
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        self.wait(now, retry, random)
    }

    /// A connection that worked has ended. Returns when to try again.
    pub(crate) fn wait(&mut self, now: Timestamp, retry: &Retry, random: &mut Random) -> Timestamp {
        let at = now + self.backoff.wait(retry, random);
        self.retry_at = Some(at);
        at
    }

    /// The last failure came while the endpoint's checks passed.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// A connection has been open for long enough. One that is older than an attempt that failed
    /// lately shows that the endpoint serves the app, and not that it accepts new ones: the back-off
    /// stays.
    pub(crate) fn lasted(&mut self, open_since: Timestamp, now: Timestamp) {
        self.failures = 0;
        self.held = false;
        if open_since >= self.failed_at || now - self.failed_at >= LATELY {
            self.backoff.reset();
        }
    }

    /// The endpoint's checks pass again: attempts that failed only while they did not are no
    /// evidence any more. How far the back-off has got is kept.
    pub(crate) fn recovered(&mut self) {
        if !self.held {
            self.failures = 0;
        }
    }

    /// The network was to blame for the attempts that failed.
    pub(crate) fn reset_failures(&mut self) {
        self.failures = 0;
        self.held = false;
    }

    /// Attempts in a row that did not lead to a lasting connection.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the endpoint is taken for one that cannot be connected to. `threshold` is the number
    /// of failures for clients that count them.
    pub(crate) fn is_unreachable(&self, threshold: Option<u32>) -> bool {
        self.failures >= threshold.unwrap_or(UNREACHABLE)
    }

    /// When the back-off after the last failure is over.
    pub(crate) const fn retry_at(&self) -> Option<Timestamp> {
        self.retry_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn failed(times: u32) -> Reach {
        let (mut reach, mut random) = (Reach::default(), Random::new(1));
        for _ in 0..times {
            reach.failed(NOW, &Retry::default(), &mut random);
        }
        reach
    }

    #[test]
    fn three_failures_in_a_row_make_an_endpoint_unreachable() {
        assert!(!failed(2).is_unreachable(None));
        assert!(failed(3).is_unreachable(None));
        assert!(!failed(9).is_unreachable(Some(10)));
        assert!(failed(10).is_unreachable(Some(10)));
    }

    #[test]
    fn only_a_connection_that_lasts_clears_all() {
        let (mut reach, mut random) = (failed(7), Random::new(1));
        let (older, younger) = (NOW, NOW + Millis::from_secs(1));
        let retry = Retry { initial: Millis::new(1), max: Millis::from_secs(3600) };
        reach.failed(younger, &retry, &mut random);
        reach.lasted(older, younger);
        assert_eq!(reach.failures(), 0);
        let mut wait = |mut reach: Reach| reach.wait(younger, &retry, &mut random) - younger;
        assert!(wait(reach) > Millis::new(1));
        let mut later = reach;
        later.lasted(older, younger + LATELY);
        assert!(wait(later) <= Millis::new(1), "that was a while ago");
        reach.lasted(younger, younger);
        assert!(wait(reach) <= Millis::new(1));
    }

    #[test]
    fn attempts_that_failed_while_the_checks_passed_are_held_against_the_endpoint() {
        let mut reach = failed(3);
        reach.recovered();
        assert_eq!(reach.failures(), 0, "they failed as the checks did");
        let mut reach = failed(3);
        reach.hold();
        reach.recovered();
        assert!(reach.is_unreachable(None));
    }
}
