//! The engine's only source of chance: small, seeded, the same in every language.

use crate::base::time::Millis;

/// `SplitMix64` (Steele, Lea, Flood 2014): eight bytes of state, good enough for jitter, not for
/// secrets.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 up to and including `most`, all alike but for a bias below one in four
    /// billion.
    pub(crate) fn up_to(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (((z >> 32) * (u64::from(most) + 1)) >> 32) as u32
    }

    /// Full jitter: a duration anywhere between none and `most`.
    pub(crate) fn within(&mut self, most: Millis) -> Millis {
        Millis::new(self.up_to(most.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_its_range_and_no_more() {
        let mut random = Random::new(7);
        let mut seen = [0; 4];
        for _ in 0..4_000 {
            seen[random.up_to(3) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (800..1200).contains(&n)), "{seen:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            (0..8)
                .map(|_| 0)
                .scan(Random::new(seed), |r, _: i32| Some(r.up_to(u32::MAX)))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
