//! How often the checks of a working endpoint fail: what a failure is worth as evidence.
//!
//! A slow memory holds what is usual. New results wait in a fast one until the endpoint has worked
//! for a while: a server that starts to fail is not got used to, and what ends in a verdict is
//! forgotten. Losses in a row are learnt apart, and fade with time.

use crate::base::time::{Millis, Timestamp};

/// The result of a check that began while nothing spoke against the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    /// It passed.
    Passed,
    /// It was answered with an error.
    Error,
    /// It was not answered.
    Lost,
}

/// The checks of a working endpoint, by their results. Of a fixed size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LossEstimator {
    usual: Baseline,
    /// Since the last time that results were taken into `usual`.
    recent: Recent,
    /// Checks that followed a failure and were followed by a success.
    burst: Rate,
    /// When `burst` was last halved.
    faded: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Baseline {
    lost: u16,
    errors: u16,
    total: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Recent {
    lost: u8,
    errors: u8,
    total: u8,
    /// Results that are taken over together: few at first.
    length: u8,
}

/// Failures among all, in sixteenths, so that halving loses nothing that matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rate {
    lost: u16,
    total: u16,
}

/// Results supposed before the first: 1 % lost, none answered with an error.
const PRIOR: u32 = 100;
/// Results from which bursts are learnt before they count as much as what was supposed before.
const BURST_PRIOR: u32 = 20;
/// Results beyond which old ones are forgotten: an hour and a half of them, enough to tell 9 % from
/// 10 %.
const MEMORY: u16 = 2_000;
const BURST_MEMORY: u16 = 500;
/// What one burst can teach: as many as the checks that follow each other in haste.
const MAX_BURST: u16 = 16;
/// Results that are taken over together: the first time, and at most.
const FIRST_STRETCH: u8 = 20;
const LAST_STRETCH: u8 = 100;
/// Bursts are forgotten by half in this time.
const HALF_LIFE: Millis = Millis::from_secs(3_600);
/// No endpoint is so good that fewer than one check in a thousand fails, in millionths.
const FLOOR: u32 = 1_000;

impl Rate {
    /// The rate in millionths, if `lost` of `total` more had been seen.
    fn with(self, lost: u32, total: u32) -> u32 {
        share(u32::from(self.lost) + 16 * lost, u32::from(self.total) + total)
    }
}

/// A share in millionths of a number in sixteenths.
fn share(sixteenths: u32, total: u32) -> u32 {
    (u64::from(sixteenths) * 62_500 / u64::from(total.max(1))) as u32
}

impl LossEstimator {
    /// For keeping.
    pub(crate) fn to_numbers(self) -> [u32; 5] {
        let Self { usual, burst, .. } = self;
        [usual.lost, usual.total, burst.lost, burst.total, usual.errors].map(u32::from)
    }

    /// What [`LossEstimator::to_numbers`] gave, as far as it makes sense.
    pub(crate) fn from_numbers([lost, total, burst_lost, burst, errors]: [u32; 5]) -> Self {
        let total = total.min(MEMORY.into());
        let burst = burst.min(BURST_MEMORY.into());
        Self {
            usual: Baseline {
                lost: lost.min(16 * total) as u16,
                errors: errors.min(16 * total) as u16,
                total: total as u16,
            },
            burst: Rate { lost: burst_lost.min(16 * burst) as u16, total: burst as u16 },
            ..Self::default()
        }
    }

    /// What was kept so long before `now`: bursts have faded meanwhile.
    #[must_use]
    pub(crate) fn aged(self, gap: Millis, now: Timestamp) -> Self {
        let then = Timestamp::default();
        let burst = Self { faded: then, ..self }.faded_burst(then + gap);
        Self { burst, faded: now, ..self }
    }

    /// Takes in the result of a check out of the blue. `calm`: no series of failures is being
    /// looked into.
    pub(crate) fn observe(&mut self, sample: Sample, calm: bool) {
        let recent = &mut self.recent;
        recent.length = recent.length.max(FIRST_STRETCH);
        recent.lost = recent.lost.saturating_add(u8::from(sample == Sample::Lost));
        recent.errors = recent.errors.saturating_add(u8::from(sample == Sample::Error));
        recent.total = recent.total.saturating_add(1);
        if recent.total >= recent.length && (calm || recent.total == u8::MAX) {
            let Recent { lost, errors, total, length } = *recent;
            self.usual.lost += 16 * u16::from(lost);
            self.usual.errors += 16 * u16::from(errors);
            self.usual.total += u16::from(total);
            if self.usual.total > MEMORY {
                let Baseline { lost, errors, total } = self.usual;
                self.usual = Baseline { lost: lost / 2, errors: errors / 2, total: total / 2 };
            }
            *recent =
                Recent { length: length.saturating_mul(2).min(LAST_STRETCH), ..Recent::default() };
        }
    }

    /// The endpoint has been found to fail: its latest results are not those of a working one.
    pub(crate) fn discard_recent(&mut self) {
        self.recent = Recent { length: self.recent.length, ..Recent::default() };
    }

    /// A suspicion has proved unfounded: so many checks in a row were lost after the one that
    /// raised it, and then one was answered.
    pub(crate) fn observe_burst(&mut self, lost: usize, now: Timestamp) {
        let lost = lost.min(usize::from(MAX_BURST)) as u16;
        self.burst = self.faded_burst(now);
        self.faded = now;
        self.burst.lost += 16 * lost;
        self.burst.total += lost + 1;
        if self.burst.total > BURST_MEMORY {
            self.burst = Rate { lost: self.burst.lost / 2, total: self.burst.total / 2 };
        }
    }

    /// Old bursts count less. The remainder of an hour counts by its share.
    fn faded_burst(self, now: Timestamp) -> Rate {
        let age = (now - self.faded).get();
        let hours = (age / HALF_LIFE.get()).min(15);
        let rest = u64::from(age % HALF_LIFE.get());
        let fade = |count: u16| {
            let halved = u64::from(count >> hours);
            (halved - halved * rest / (2 * u64::from(HALF_LIFE.get()))) as u16
        };
        Rate { lost: fade(self.burst.lost), total: fade(self.burst.total) }
    }

    /// The chance, in millionths, that the next check of a working endpoint goes unanswered, after
    /// `before` in a row that did.
    pub(crate) fn chance(self, before: u32, now: Timestamp) -> u32 {
        let usual = Rate { lost: self.usual.lost, total: self.usual.total };
        let single = usual.with(1 + before, PRIOR + before);
        if before == 0 {
            return single.clamp(FLOOR, 1_000_000);
        }
        let burst = self.faded_burst(now);
        let supposed = single * BURST_PRIOR / (u32::from(burst.total) + BURST_PRIOR);
        single.max(burst.with(0, BURST_PRIOR) + supposed).clamp(FLOOR, 1_000_000)
    }

    /// The chance, in millionths, that a working endpoint answers a check with an error.
    pub(crate) fn error_chance(self) -> u32 {
        share(u32::from(self.usual.errors), u32::from(self.usual.total) + PRIOR).max(FLOOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn after(results: impl IntoIterator<Item = Sample>) -> LossEstimator {
        let mut loss = LossEstimator::default();
        results.into_iter().for_each(|sample| loss.observe(sample, true));
        loss
    }

    /// One in `every` is `sample`.
    fn one_in(every: u32, sample: Sample) -> impl Iterator<Item = Sample> {
        (0..10_000).map(move |n| if n % every == 0 { sample } else { Sample::Passed })
    }

    #[test]
    fn starts_at_one_in_a_hundred_and_learns() {
        assert_eq!(LossEstimator::default().chance(0, NOW), 10_000);
        assert_eq!(after(one_in(100_000, Sample::Lost)).chance(0, NOW), FLOOR);
        let lossy = after(one_in(10, Sample::Lost)).chance(0, NOW);
        assert!((85_000..110_000).contains(&lossy), "{lossy}");
    }

    #[test]
    fn errors_are_learnt_as_losses_are() {
        assert_eq!(LossEstimator::default().error_chance(), FLOOR);
        let errors = after(one_in(10, Sample::Error));
        assert!((85_000..110_000).contains(&errors.error_chance()), "{}", errors.error_chance());
        assert!(errors.chance(0, NOW) < 2_000, "an error is an answer");
    }

    #[test]
    fn what_is_new_is_not_taken_for_usual_until_it_has_lasted() {
        let clean = after(one_in(100_000, Sample::Lost));
        let mut failing = clean;
        (0..60).for_each(|_| failing.observe(Sample::Error, false));
        assert_eq!(failing.error_chance(), FLOOR);
        failing.discard_recent();
        (0..100).for_each(|_| failing.observe(Sample::Passed, true));
        assert_eq!(failing.error_chance(), FLOOR, "a verdict makes it forget");
        (0..200).for_each(|_| failing.observe(Sample::Error, true));
        assert!(failing.error_chance() > 50_000, "{}", failing.error_chance());
    }

    #[test]
    fn losses_that_come_in_bursts_are_known_as_such_and_fade() {
        let mut loss = after(one_in(50, Sample::Lost));
        (0..40).for_each(|_| loss.observe_burst(3, NOW));
        assert!(loss.chance(0, NOW) < 30_000);
        assert!(loss.chance(1, NOW) > 500_000, "{}", loss.chance(1, NOW));
        let later = |hours: u64| Timestamp::from_millis(hours * 3_600_000);
        assert!(loss.chance(1, later(2)) < loss.chance(1, later(1)));
        assert!(loss.chance(1, later(12)) < 50_000, "{}", loss.chance(1, later(12)));
    }

    #[test]
    fn one_burst_teaches_no_more_than_a_suspicion_can_show() {
        let (mut long, mut longest) = (LossEstimator::default(), LossEstimator::default());
        long.observe_burst(16, NOW);
        longest.observe_burst(2_000, NOW);
        assert_eq!(long, longest);
    }

    #[test]
    fn what_is_kept_comes_back_and_nonsense_is_bounded() {
        let mut loss = after(one_in(7, Sample::Lost));
        loss.observe_burst(3, NOW);
        let restored = LossEstimator::from_numbers(loss.to_numbers());
        assert_eq!(restored.to_numbers(), loss.to_numbers());
        let most = LossEstimator::from_numbers([u32::MAX; 5]).to_numbers();
        let of = |memory: u16| 16 * u32::from(memory);
        let (all, burst) = (of(MEMORY), of(BURST_MEMORY));
        assert_eq!(most, [all, MEMORY.into(), burst, BURST_MEMORY.into(), all]);
    }

    #[test]
    fn each_further_loss_is_less_of_a_surprise() {
        let loss = after([Sample::Passed]);
        assert!((0..20).all(|before| loss.chance(before, NOW) < loss.chance(before + 1, NOW)));
    }

    #[test]
    fn what_was_kept_has_faded_by_the_time_that_passed() {
        let mut loss = LossEstimator::default();
        let half_a_day = Millis::from_secs(12 * 3_600);
        let now = Timestamp::from_millis(0);
        (0..40).for_each(|_| loss.observe_burst(3, now));
        let kept = LossEstimator::from_numbers(loss.to_numbers());
        for clock in [now, now + half_a_day] {
            assert_eq!(kept.aged(Millis::ZERO, clock).chance(1, clock), loss.chance(1, now));
            let later = kept.aged(half_a_day, clock).chance(1, clock);
            assert_eq!(later, loss.chance(1, now + half_a_day));
        }
    }

    #[test]
    fn a_burst_fades_by_the_minute() {
        let mut loss = LossEstimator::default();
        for _ in 0..4 {
            loss.observe_burst(7, NOW);
        }
        let chances = [0, 20, 40, 60, 90]
            .map(|minutes| loss.chance(2, NOW + Millis::from_secs(60 * minutes)));
        assert!(chances.is_sorted_by(|before, after| before > after), "{chances:?}");
    }
}
