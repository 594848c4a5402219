//! How often the checks of an endpoint fail, to tell it from another one: a sequential test (Wald,
//! 1945), in bits. Two endpoints behind one lossy network fail alike, and neither is left for the
//! other by chance.

use crate::health::evidence::log2;

/// The results of checks that were not made because of a failure, and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FailureShare {
    failed: u16,
    total: u16,
    /// The latest results in a row that passed.
    clean: u16,
}

/// Results beyond which old ones count by half: an hour of them where a check is made each 3 s.
const MEMORY: u16 = 1_000;
/// The share of failures, in millionths, from which an endpoint is unreliable: chance allowed for.
const UNRELIABLE: u32 = 50_000;
/// The share below which it is reliable, and results from which that can be said.
const RELIABLE: u32 = 20_000;
const KNOWN: u16 = 60;
/// Bits at which it is certain that one fails less often: of two that fail alike, it seems so once
/// in 10⁶ times.
const CERTAIN: u32 = 20;
/// Bits at which checks in a row that passed show that the endpoint is not any more what it was.
const CHANGED: u32 = 13;
/// [`log2`] counts in these.
const BIT: u32 = 1_024;
/// Shares are in millionths.
const MILLION: u32 = 1_000_000;

impl FailureShare {
    /// So many of so many have failed, the last of them last.
    #[cfg(test)]
    pub(crate) const fn of(failed: u16, total: u16) -> Self {
        Self { failed, total, clean: 0 }
    }

    /// Takes in the result of a check.
    pub(crate) fn observe(&mut self, failed: bool) {
        if self.total == MEMORY {
            self.total /= 2;
            self.failed /= 2;
        }
        self.total += 1;
        self.failed += u16::from(failed);
        self.clean = if failed { 0 } else { self.clean.saturating_add(1) };
        if self.failed == 0 {
            return;
        }
        let surprise = log2(MILLION) - log2(MILLION - self.per_million(self.failed));
        if u32::from(self.clean) * surprise >= CHANGED * BIT {
            let clean = self.clean.min(MEMORY);
            *self = Self { failed: 0, total: clean, clean };
        }
    }

    /// Whether there are enough results to say how often it fails.
    pub(crate) const fn is_known(self) -> bool {
        self.total >= KNOWN
    }

    /// Whether it is known to fail hardly ever.
    pub(crate) fn is_reliable(self) -> bool {
        self.is_known() && self.per_million(self.failed) < RELIABLE
    }

    /// Whether it fails often, and the other one certainly not as often.
    pub(crate) fn is_worse_than(self, other: Self) -> bool {
        self.gain().is_some_and(|gain| other.reaches(gain))
    }

    /// How much each check that another one passes says for it, if this one fails often.
    pub(crate) fn gain(self) -> Option<u32> {
        if self.failed == 0 {
            return None;
        }
        // By chance it has failed a little more often than it usually does.
        let share = self.per_million(self.failed.saturating_sub(2 * self.failed.isqrt()));
        if share < UNRELIABLE {
            return None;
        }
        // Each check that passed is more likely of one that fails half as often; of one that failed
        // the contrary is true.
        Some(log2(MILLION - share / 2) - log2(MILLION - share))
    }

    /// Whether it certainly does not fail as often as another one with this [`gain`](Self::gain).
    pub(crate) fn reaches(self, gain: u32) -> bool {
        let passed = u32::from(self.total - self.failed);
        passed * gain >= (CERTAIN + u32::from(self.failed)) * BIT
    }

    /// So many failures as a share, in millionths; never all of them.
    fn per_million(self, failed: u16) -> u32 {
        (u32::from(failed) * MILLION / u32::from(self.total.max(1))).min(MILLION / 100 * 99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One in `every` has failed of so many.
    fn failing(every: u32, count: u32) -> FailureShare {
        let mut share = FailureShare::default();
        (0..count).for_each(|n| share.observe(every > 0 && n % every == every / 2));
        share
    }

    #[test]
    fn one_that_fails_often_is_worse_than_one_that_never_does() {
        for (every, passes) in [(2, 60), (3, 110), (10, 400)] {
            let ours = failing(every, 1_000);
            assert!(ours.is_worse_than(failing(0, passes)), "one in {every}");
            assert!(!ours.is_worse_than(failing(0, passes / 4)), "one in {every}: not known yet");
            assert!(!ours.is_worse_than(ours));
        }
        assert!(!failing(20, 1_000).is_worse_than(failing(0, 1_000)), "that is not often");
        assert!(!failing(0, 1_000).is_worse_than(failing(2, 1_000)));
    }

    #[test]
    fn one_that_fails_half_as_often_is_better_and_one_that_fails_nearly_as_often_is_not() {
        let ours = failing(5, 1_000);
        assert!(ours.is_worse_than(failing(20, 1_000)));
        assert!(!ours.is_worse_than(failing(6, 1_000)));
    }

    #[test]
    fn chance_makes_no_difference_of_two_that_fail_alike() {
        let mut random = crate::base::random::Random::new(1);
        for share in [5, 10, 20, 50] {
            let (mut ours, mut theirs) = (FailureShare::default(), FailureShare::default());
            for _ in 0..200_000 {
                ours.observe(random.up_to(99) < share);
                theirs.observe(random.up_to(99) < share);
                assert!(!ours.is_worse_than(theirs), "{share} %: {ours:?} {theirs:?}");
            }
        }
    }

    #[test]
    fn one_that_has_been_mended_is_known_as_such_soon() {
        for (every, soon) in [(2, 20), (10, 100)] {
            let mut share = failing(every, 1_000);
            assert!(!share.is_reliable());
            (0..soon).for_each(|_| share.observe(false));
            assert!(!share.is_worse_than(failing(0, 1_000)), "one in {every}");
        }
        assert!(failing(0, 60).is_reliable());
        assert!(!failing(0, 59).is_reliable(), "too few to say so");
        assert!(!failing(20, 1_000).is_reliable());
    }

    #[test]
    fn it_takes_twenty_bits_to_be_certain() {
        // Every check that passes says half a bit against one of which every other one fails.
        let ours = FailureShare::of(500, 1_000);
        assert!(!ours.is_worse_than(FailureShare::of(0, 39)));
        assert!(ours.is_worse_than(FailureShare::of(0, 40)));
    }
}
