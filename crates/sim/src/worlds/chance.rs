//! Seeded chance for making worlds.

/// Draws what a world is made of.
pub(super) struct Chance(fastrand::Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        // Neighbouring seeds must not make similar worlds.
        let mut rng = fastrand::Rng::with_seed(seed);
        Self(fastrand::Rng::with_seed(rng.u64(..)))
    }

    /// True in so many cases of a hundred.
    pub(super) fn percent(&mut self, share: u32) -> bool {
        self.0.u32(0..100) < share
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0.u32(low..=high)
    }

    /// One of several, all equally likely.
    pub(super) fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.0.usize(0..among.len())].clone()
    }

    /// One of several, as likely as their weights say.
    pub(super) fn weighted<T: Clone>(&mut self, among: &[(u32, T)]) -> T {
        let total: u32 = among.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.0.u32(0..total);
        for (weight, item) in among {
            if drawn < *weight {
                return item.clone();
            }
            drawn -= weight;
        }
        among[0].1.clone()
    }
}
