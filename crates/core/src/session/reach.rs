//! Whether an endpoint can be connected to, as far as the attempts of all sockets show.

use crate::base::time::{Millis, Timestamp};
use crate::health::rtt::RttEstimator;

/// Failed attempts in a row after which an endpoint is taken for one that cannot be connected to.
pub(crate) const UNREACHABLE: u32 = 3;
/// For so long an attempt that failed speaks against new ones, while an older connection is open.
const LATELY: Millis = Millis::from_secs(300);
/// An attempt that shows whether an endpoint works is given so long, at least.
pub(crate) const SHORTEST_PATIENCE: Millis = Millis::from_secs(1);
/// A connection that was open for so long has shown that it works.
pub(crate) const STABLE: Millis = Millis::from_secs(5);

/// What is known of connecting to one endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    /// Attempts in a row that did not lead to a lasting connection.
    failures: u32,
    /// Some of them came while the endpoint's checks passed.
    held: bool,
    /// The last attempt led to none either, and that was no fault of the endpoint's.
    excused: bool,
    /// Each socket has a back-off of its own; for the endpoint the longest wait counts.
    retry_at: Option<Timestamp>,
    /// When the last attempt failed.
    failed_at: Timestamp,
    /// How long connections take to open.
    opening: RttEstimator,
}

impl Reach {
    /// An attempt that began then did not open, or broke off at once. Attempts that several sockets
    /// make side by side fail for one reason, and count once.
    pub(crate) fn failed(&mut self, began: Timestamp, now: Timestamp) {
        if self.failures == 0 || began >= self.failed_at {
            self.failures = self.failures.saturating_add(1);
            self.failed_at = now;
        }
    }

    /// An attempt did not lead to a connection by the app's own doing, or for what the server has
    /// against it. The next one waits all the same.
    pub(crate) fn excused(&mut self) {
        self.excused = true;
    }

    /// A connection has opened, and that took so long.
    pub(crate) fn opened(&mut self, took: Millis) {
        self.excused = false;
        self.opening.observe(took);
    }

    /// How long an attempt may take that shows whether the endpoint works: as learnt, twice as long
    /// after each failure, and at most `limit`.
    pub(crate) fn patience(&self, limit: Millis) -> Millis {
        let learnt = self.opening.timeout(SHORTEST_PATIENCE.min(limit), limit);
        learnt.scaled(1 << self.failures.min(10), 1).min(limit)
    }

    /// After an attempt that began then, the next one is not made before this moment. One that began
    /// while the endpoint was still waited for does not shorten that wait: it is that of another
    /// socket, which may be new and have hardly any back-off.
    pub(crate) fn wait_until(&mut self, began: Timestamp, at: Timestamp) {
        let waiting = self.retry_at.filter(|until| began < *until);
        self.retry_at = waiting.max(Some(at));
    }

    /// The next attempt may be made at this moment, at the latest.
    pub(crate) fn wait_at_most(&mut self, until: Timestamp) {
        self.retry_at = self.retry_at.map(|at| at.min(until));
    }

    /// The last failure came while the endpoint's checks passed.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// A connection has been open for long enough. True if the back-off begins anew: a connection
    /// that is older than an attempt that failed lately shows that the endpoint serves the app, and
    /// not that it accepts new ones.
    pub(crate) fn lasted(&mut self, open_since: Timestamp, now: Timestamp) -> bool {
        self.failures = 0;
        self.held = false;
        let anew = open_since >= self.failed_at || now - self.failed_at >= LATELY;
        if anew {
            self.retry_at = None;
        }
        anew
    }

    /// The endpoint's checks pass again: attempts that failed only while they did not are no
    /// evidence any more.
    pub(crate) fn recovered(&mut self) {
        if !self.held {
            self.failures = 0;
        }
    }

    /// The network was to blame for the attempts that failed.
    pub(crate) fn reset_failures(&mut self) {
        self.failures = 0;
        self.held = false;
        self.excused = false;
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

    /// When the next attempt may be made that a move depends on, if the last one failed.
    pub(crate) fn waits_until(&self) -> Option<Timestamp> {
        self.retry_at.filter(|_| self.failures > 0 || self.excused)
    }

    /// When the wait after the last attempt is over.
    pub(crate) const fn retry_at(&self) -> Option<Timestamp> {
        self.retry_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn failed(times: u64) -> Reach {
        let mut reach = Reach::default();
        (0..times).for_each(|time| reach.failed(at(time), at(time)));
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
    fn patience_is_learnt_and_grows_with_each_failure() {
        let limit = Millis::from_secs(10);
        let mut reach = Reach::default();
        assert_eq!(reach.patience(limit), limit, "nothing is known");
        reach.opened(Millis::new(40));
        for seconds in [1, 2, 4, 8, 10, 10] {
            assert_eq!(reach.patience(limit), Millis::from_secs(seconds));
            reach.failed(at(0), at(0));
        }
        assert_eq!(reach.patience(Millis::new(300)), Millis::new(300));
    }

    #[test]
    fn what_sockets_attempt_side_by_side_fails_once() {
        let mut reach = Reach::default();
        for began in [10, 10, 12, 29] {
            reach.failed(at(began), at(30));
        }
        assert_eq!(reach.failures(), 1);
        reach.failed(at(31), at(40));
        assert_eq!(reach.failures(), 2, "the next round");
    }

    #[test]
    fn only_a_connection_that_is_younger_than_the_last_failure_shows_that_others_open() {
        let mut reach = Reach::default();
        reach.failed(at(1_000), at(1_000));
        assert!(!reach.lasted(at(999), at(9_000)));
        assert_eq!(reach.failures(), 0);
        assert!(reach.lasted(at(1_000), at(9_000)));
        assert!(reach.lasted(at(999), at(1_000) + LATELY), "that was a while ago");
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
