//! How long an endpoint must have been well before the app goes back to it: flap damping.

use crate::base::time::{Millis, Timestamp};
use crate::config::Failback;

/// Doublings beyond which no wait is shorter than its maximum.
const MAX_FLAPS: u32 = 20;
/// For how long it is remembered against an endpoint in need that it had to be left.
const RECENT: Millis = Millis::from_secs(600);
/// Maximum number of checks in a row that are asked for then.
const MAX_PROOF: u32 = 9;

/// What is remembered of the app's returns to an endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FlapDamping {
    /// Times that the app had to leave soon after it had returned, less what good service wore off.
    flaps: u32,
    /// When the app last had to leave, or could not get there.
    left_at: Option<Timestamp>,
    /// Since when the app has been there, if it began elsewhere.
    arrived_at: Option<Timestamp>,
}

impl FlapDamping {
    /// How long the endpoint must have been well: `after`, doubled by each flap, at most `max`.
    pub(crate) fn wait(&self, failback: &Failback) -> Millis {
        failback.after.scaled(1 << self.flaps.min(MAX_FLAPS), 1).min(failback.max)
    }

    /// When the app may go back to an endpoint that has been well since then. The wait counts from
    /// the later of recovering and being left.
    pub(crate) fn ready_at(&self, well_since: Timestamp, failback: &Failback) -> Timestamp {
        self.left_at.map_or(well_since, |left| left.max(well_since)) + self.wait(failback)
    }

    /// Whether the app has ever had to leave the endpoint, or could not get there.
    pub(crate) const fn was_left(&self) -> bool {
        self.left_at.is_some()
    }

    pub(crate) const fn flaps(&self) -> u32 {
        self.flaps
    }

    /// Takes over what was known before a restart.
    pub(crate) fn restore(&mut self, flaps: u32) {
        self.flaps = flaps.min(MAX_FLAPS);
    }

    /// The app moved to the endpoint.
    pub(crate) fn arrived(&mut self, now: Timestamp) {
        self.arrived_at = Some(now);
    }

    /// The app left although nobody wished for it. After a move there that is a flap, and each
    /// `max` of service since wears one off.
    pub(crate) fn left(&mut self, failback: &Failback, now: Timestamp) {
        self.left_at = Some(now);
        if let Some(arrived) = self.arrived_at.take() {
            let worn = (now - arrived).get() / failback.max.get().max(1);
            self.flaps = (self.flaps + 1).saturating_sub(worn).min(MAX_FLAPS);
        }
    }

    /// The app left for a reason that is not the endpoint's.
    pub(crate) fn excused(&mut self) {
        self.arrived_at = None;
    }

    /// How many checks in a row the endpoint must pass to be moved to in need: one, and more if it
    /// had to be left a short while ago.
    pub(crate) fn proof(&self, now: Timestamp) -> u32 {
        let recent = self.left_at.is_some_and(|left| now - left < RECENT);
        if recent { (1 + 4 * self.flaps).min(MAX_PROOF) } else { 1 }
    }

    /// The app wanted to go back and could not connect.
    pub(crate) fn not_reached(&mut self, now: Timestamp) {
        self.left_at = Some(now);
        self.flaps = (self.flaps + 1).min(MAX_FLAPS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    #[test]
    fn each_flap_doubles_the_wait_up_to_its_maximum() {
        let failback = Failback::default();
        let mut damping = FlapDamping::default();
        damping.left(&failback, at(5));
        assert_eq!(damping.wait(&failback), Millis::from_secs(60), "a first failure is no flap");
        for (flaps, wait) in [(1, 120), (2, 240), (3, 480), (4, 960), (5, 1800), (6, 1800)] {
            damping.arrived(at(1_000 * flaps));
            damping.left(&failback, at(1_000 * flaps + 500));
            assert_eq!(damping.wait(&failback), Millis::from_secs(wait));
        }
    }

    #[test]
    fn good_service_wears_flaps_off_one_by_one() {
        let failback = Failback::default();
        let mut damping = FlapDamping::default();
        damping.restore(4);
        damping.arrived(at(0));
        damping.left(&failback, at(1_799));
        assert_eq!(damping.flaps(), 5);
        damping.arrived(at(10_000));
        damping.left(&failback, at(10_000 + 3 * 1_800));
        assert_eq!(damping.flaps(), 3);
        damping.arrived(at(20_000));
        damping.left(&failback, at(120_000));
        assert_eq!(damping.flaps(), 0);
    }

    #[test]
    fn one_that_flaps_must_prove_itself_even_in_need() {
        let failback = Failback::default();
        let mut damping = FlapDamping::default();
        assert_eq!(damping.proof(at(0)), 1);
        damping.left(&failback, at(10));
        assert_eq!(damping.proof(at(11)), 1, "a first failure is no flap");
        damping.arrived(at(20));
        damping.left(&failback, at(30));
        assert_eq!(damping.proof(at(31)), 5);
        damping.arrived(at(40));
        damping.excused();
        damping.left(&failback, at(50));
        assert_eq!(damping.proof(at(51)), 5, "it was left for another reason");
        assert_eq!(damping.proof(at(50 + 600)), 1, "long ago");
    }

    #[test]
    fn the_wait_counts_from_the_later_of_recovering_and_being_left() {
        let failback = Failback::default();
        let mut damping = FlapDamping::default();
        assert_eq!(damping.ready_at(at(10), &failback), at(70));
        damping.left(&failback, at(100));
        assert_eq!(damping.ready_at(at(10), &failback), at(160));
        assert_eq!(damping.ready_at(at(130), &failback), at(190));
        damping.not_reached(at(200));
        assert_eq!(damping.ready_at(at(130), &failback), at(320));
    }
}
