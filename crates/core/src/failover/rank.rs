//! What makes one endpoint better than another before anything is known of its speed.

use crate::base::random::Random;
use crate::config::{Config, Endpoint, Strategy};
use crate::health::Health;
use crate::health::evidence::log10;

/// The rank of an endpoint: smaller is better. In this order it counts that the endpoint is not
/// degraded, that the app prefers it, and that it is of our region; its priority; and its draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank([u32; 3]);

/// The bit of the first number that a degraded endpoint has.
const DEGRADED: u32 = 1 << 2;

impl Rank {
    /// The rank that the endpoint has when it is not degraded.
    pub(crate) const fn undegraded(self) -> Self {
        let Self([first, priority, draw]) = self;
        Self([first & !DEGRADED, priority, draw])
    }
}

/// What does not change about an endpoint's rank while it is in the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranking {
    priority: u32,
    abroad: bool,
    /// This client's own number for the endpoint, drawn once for the strategy `weighted`; 0: not
    /// drawn.
    draw: u32,
    weight: u32,
}

impl Ranking {
    pub(crate) fn new(endpoint: &Endpoint, config: &Config, random: &mut Random) -> Self {
        let draw = if config.strategy == Strategy::Weighted { draw(random) } else { 0 };
        Self { draw, ..Self::of(endpoint, config) }
    }

    fn of(endpoint: &Endpoint, config: &Config) -> Self {
        Self {
            priority: endpoint.priority,
            abroad: config.region.is_some() && config.region != endpoint.region,
            draw: 0,
            weight: endpoint.weight,
        }
    }

    /// The same client's ranking of an endpoint whose settings are others.
    pub(crate) fn renewed(self, endpoint: &Endpoint, config: &Config) -> Self {
        Self { draw: self.draw, ..Self::of(endpoint, config) }
    }

    pub(crate) const fn draw(&self) -> u32 {
        self.draw
    }

    /// Takes over what was drawn in an earlier run.
    pub(crate) fn restore(&mut self, draw: u32) {
        if self.draw != 0 && draw != 0 {
            self.draw = draw;
        }
    }

    pub(crate) fn rank(&self, health: Health, preferred: bool) -> Rank {
        let degraded = if health == Health::Degraded { DEGRADED } else { 0 };
        let ours = u32::from(!preferred) << 1 | u32::from(self.abroad);
        // The smallest of all wins as often as the weights say (Efraimidis and Spirakis, 2006).
        let weighted = || self.draw.checked_div(self.weight).unwrap_or(u32::MAX);
        Rank([degraded | ours, self.priority, if self.draw == 0 { 0 } else { weighted() }])
    }
}

/// An exponentially distributed number in thousandths of a hundredth of a decade, never 0.
fn draw(random: &mut Random) -> u32 {
    let draw = log10(u32::MAX) - log10(random.up_to(u32::MAX - 1) + 1);
    (draw * 1_000 + random.up_to(999)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(weight: u32, random: &mut Random) -> Ranking {
        Ranking { priority: 0, abroad: false, draw: draw(random), weight }
    }

    #[test]
    fn draws_fall_as_the_weights_say() {
        let mut random = Random::new(1);
        let mut wins = 0;
        let rank = |ranking: Ranking| ranking.rank(Health::Healthy, false);
        for _ in 0..20_000 {
            let heavier = rank(ranking(3, &mut random)) < rank(ranking(1, &mut random));
            wins += u32::from(heavier);
        }
        assert!((14_600..15_400).contains(&wins), "{wins} of 20,000, where three in four are due");
        assert_eq!(rank(ranking(0, &mut random)), Rank([2, 0, u32::MAX]));
        let mean: u64 = (0..20_000).map(|_| u64::from(draw(&mut random))).sum::<u64>() / 20_000;
        assert!((42_000..45_000).contains(&mean), "{mean}: the mean of -log10 is 0.434");
    }

    #[test]
    fn a_saved_draw_counts_only_where_draws_do() {
        let mut random = Random::new(1);
        let mut weighted = ranking(1, &mut random);
        weighted.restore(0);
        assert_ne!(weighted.draw(), 0, "saved under another strategy");
        weighted.restore(77);
        assert_eq!(weighted.draw(), 77);
        let mut priority = Ranking { draw: 0, ..weighted };
        priority.restore(77);
        assert_eq!(priority.draw(), 0);
    }

    #[test]
    fn degraded_comes_last_and_preferred_before_all_else() {
        let here = Ranking { priority: 0, abroad: false, draw: 0, weight: 1 };
        let (abroad, worse) = (Ranking { abroad: true, ..here }, Ranking { priority: 1, ..here });
        let healthy = |ranking: Ranking| ranking.rank(Health::Healthy, false);
        assert!(healthy(here) < healthy(worse) && healthy(worse) < healthy(abroad));
        assert!(abroad.rank(Health::Healthy, true) < healthy(here));
        let degraded = here.rank(Health::Degraded, true);
        assert!(healthy(abroad) < degraded);
        assert_eq!(degraded.undegraded(), here.rank(Health::Healthy, true));
    }
}
