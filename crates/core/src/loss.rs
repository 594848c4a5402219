//! How often an endpoint's checks go unanswered though it works: what a timeout is worth as evidence.

/// Checks of a working endpoint, by whether they were answered. Twelve bytes, however long it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    /// Checks out of the blue.
    calm: Rate,
    /// Checks that followed a failure and were followed by a success: losses that come in bursts show here.
    burst: Rate,
}

/// Lost ones among many. Old ones count ever less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rate {
    /// In sixteenths, so that halving loses nothing that matters.
    lost: u16,
    total: u16,
}

impl Rate {
    fn observe(&mut self, lost: u16, total: u16, memory: u16) {
        self.lost = self.lost.saturating_add(lost.saturating_mul(16));
        self.total = self.total.saturating_add(total);
        if self.total > memory {
            *self = Self { lost: self.lost / 2, total: self.total / 2 };
        }
    }

    /// The rate in millionths, if `lost` of `total` more had been seen.
    fn with(self, lost: u32, total: u32) -> u32 {
        let sixteenths = u64::from(self.lost) + 16 * u64::from(lost);
        (sixteenths * 62_500 / u64::from(u32::from(self.total) + total).max(1)) as u32
    }
}

/// As if so many checks had been seen before the first, one of them lost: 1 % while nothing is known.
const PRIOR: u32 = 100;
/// How many checks bursts are learnt from before they count as much as what was supposed before.
const BURST_PRIOR: u32 = 50;
/// Old checks begin to be forgotten beyond so many: an hour and a half of them, enough to tell 9 % from 10 %.
const MEMORY: u16 = 2_000;
const BURST_MEMORY: u16 = 500;
/// No endpoint is so good that fewer than one check in a thousand goes unanswered.
const FLOOR: u32 = 1_000;

impl Loss {
    pub(crate) const NEW: Self = Self { calm: Rate { lost: 0, total: 0 }, burst: Rate { lost: 0, total: 0 } };

    /// For keeping.
    pub(crate) fn to_numbers(self) -> [u32; 4] {
        [self.calm.lost.into(), self.calm.total.into(), self.burst.lost.into(), self.burst.total.into()]
    }

    /// What [`Loss::to_numbers`] gave, as far as it makes sense.
    pub(crate) fn from_numbers([calm_lost, calm, burst_lost, burst]: [u32; 4]) -> Self {
        let rate = |lost: u32, total: u32, memory: u16| {
            let total = total.min(memory.into());
            Rate { lost: lost.min(16 * total) as u16, total: total as u16 }
        };
        Self { calm: rate(calm_lost, calm, MEMORY), burst: rate(burst_lost, burst, BURST_MEMORY) }
    }

    /// A check out of the blue has ended.
    pub(crate) fn observe(&mut self, lost: bool) {
        self.calm.observe(lost.into(), 1, MEMORY);
    }

    /// A suspicion has proved unfounded: so many checks in a row were lost after the one that raised it, and then one was answered.
    pub(crate) fn observe_burst(&mut self, lost: u16) {
        self.burst.observe(lost, lost.saturating_add(1), BURST_MEMORY);
    }

    /// The chance, in millionths, that the next check of a working endpoint goes unanswered, after `before` in a row that did.
    pub(crate) fn chance(self, before: u32) -> u32 {
        let calm = self.calm.with(1 + before, PRIOR + before);
        let burst = self.burst.with(0, BURST_PRIOR) + self.prior_share(calm);
        (if before == 0 { calm } else { calm.max(burst) }).clamp(FLOOR, 1_000_000)
    }

    fn prior_share(self, calm: u32) -> u32 {
        calm * BURST_PRIOR / (u32::from(self.burst.total) + BURST_PRIOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_one_in_a_hundred_and_learns() {
        let mut loss = Loss::default();
        assert_eq!(loss.chance(0), 10_000);
        for _ in 0..10_000 {
            loss.observe(false);
        }
        assert_eq!(loss.chance(0), FLOOR);
        for round in 0..10_000 {
            loss.observe(round % 10 == 0);
        }
        assert!((85_000..110_000).contains(&loss.chance(0)), "{}", loss.chance(0));
    }

    #[test]
    fn losses_that_come_in_bursts_are_known_as_such() {
        let mut loss = Loss::default();
        for round in 0..2_000 {
            loss.observe(round % 50 == 0);
            if round % 50 == 0 {
                loss.observe_burst(3);
            }
        }
        assert!(loss.chance(0) < 30_000);
        assert!(loss.chance(1) > 500_000, "{}", loss.chance(1));
    }

    #[test]
    fn bursts_count_for_what_they_are_and_for_what_was_supposed() {
        let mut loss = Loss::default();
        (0..1_000).for_each(|_| loss.observe(false));
        loss.observe_burst(5);
        // Five of six, and fifty more at the calm rate of 2 in 1,101.
        assert_eq!((loss.chance(0), loss.chance(1)), (FLOOR, 89_285 + 1_621));
    }

    #[test]
    fn what_is_kept_comes_back_and_nonsense_is_bounded() {
        let mut loss = Loss::default();
        (0..500).for_each(|round| loss.observe(round % 7 == 0));
        loss.observe_burst(3);
        assert_eq!(Loss::from_numbers(loss.to_numbers()), loss);
        let most = Loss::from_numbers([u32::MAX; 4]);
        assert_eq!(most.to_numbers(), [16 * u32::from(MEMORY), MEMORY.into(), 16 * u32::from(BURST_MEMORY), BURST_MEMORY.into()]);
        assert_eq!(Loss::from_numbers([500, 1, 0, 0]).to_numbers(), [16, 1, 0, 0]);
    }

    #[test]
    fn each_further_loss_is_less_of_a_surprise() {
        let mut loss = Loss::default();
        loss.observe(false);
        assert!((0..20).all(|before| loss.chance(before) < loss.chance(before + 1)));
    }
}
