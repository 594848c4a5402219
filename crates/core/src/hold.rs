//! How long a recovered endpoint must stay healthy before the app goes back to it: flap damping.

use crate::config::Failback;
use crate::time::{Millis, Timestamp};

/// What an endpoint's own history of returns asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hold {
    /// Returns in a row that did not last.
    flaps: u32,
    returned: Option<Timestamp>,
}

impl Hold {
    /// How long the endpoint must have been healthy: `after`, doubled by each flap, at most `max`.
    pub(crate) fn wait(&self, failback: &Failback) -> Millis {
        failback.after.scaled(1 << self.flaps.min(20), 1).min(failback.max)
    }

    pub(crate) const fn flaps(&self) -> u32 {
        self.flaps
    }

    /// Takes over what was known before a restart.
    pub(crate) fn restore(&mut self, flaps: u32) {
        self.flaps = flaps.min(20);
    }

    /// The app went back to the endpoint.
    pub(crate) fn returned(&mut self, now: Timestamp) {
        self.returned = Some(now);
    }

    /// The app had to leave the endpoint: a return that lasted no longer than the wait before it was a flap.
    pub(crate) fn left(&mut self, failback: &Failback, now: Timestamp) {
        if let Some(returned) = self.returned.take() {
            let lasted = now - returned > self.wait(failback);
            self.flaps = if lasted { 0 } else { (self.flaps + 1).min(20) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flap_doubles_the_wait_and_a_lasting_return_forgives_all() {
        let failback = Failback::default();
        let mut hold = Hold::default();
        let at = |secs: u64| Timestamp::from_millis(secs * 1000);
        hold.left(&failback, at(5));
        assert_eq!(hold.wait(&failback), Millis::from_secs(60), "a first failure is no flap");
        for (flaps, wait) in [(1, 120), (2, 240), (3, 480), (4, 960), (5, 1800), (6, 1800)] {
            hold.returned(at(100 * flaps));
            hold.left(&failback, at(100 * flaps + 10));
            assert_eq!(hold.wait(&failback), Millis::from_secs(wait));
        }
        hold.returned(at(10_000));
        hold.left(&failback, at(12_000));
        assert_eq!(hold.wait(&failback), Millis::from_secs(60));
    }
}
