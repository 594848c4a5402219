//! Waits between retries: exponential, capped, and by default with full jitter, so that clients that
//! failed together do not come back together.

use crate::base::random::Random;
use crate::base::time::Millis;
use crate::config::Retry;

/// How many retries there have been.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    attempt: u32,
}

impl Backoff {
    /// The wait before the next retry.
    pub(crate) fn wait(&mut self, retry: &Retry, random: &mut Random) -> Millis {
        let mut longest = retry.initial.min(retry.max);
        // By then the slowest growth has reached its cap, too.
        for _ in 0..self.attempt.min(256) {
            longest = longest.scaled(retry.growth_percent, 100).min(retry.max);
        }
        self.attempt = self.attempt.saturating_add(1);
        let certain = longest.scaled(100 - retry.jitter_percent, 100);
        let jitter = random.within(Millis::new(longest.get() - certain.get()));
        Millis::new(certain.get() + jitter.get())
    }

    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_cap_and_stays() {
        let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
        let retry =
            Retry { initial: Millis::new(100), max: Millis::from_secs(10), ..Retry::default() };
        for attempt in 0..200 {
            let longest = if attempt > 7 { 10_000 } else { 100 << attempt };
            assert!(backoff.wait(&retry, &mut random) <= Millis::new(longest));
        }
        backoff.reset();
        assert!(backoff.wait(&retry, &mut random) <= retry.initial);
    }

    #[test]
    fn grows_as_the_config_says() {
        let waits = |growth_percent, jitter_percent| {
            let (initial, max) = (Millis::new(1_000), Millis::new(3_000));
            let retry = Retry { initial, max, growth_percent, jitter_percent };
            let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
            [(); 7].map(|()| backoff.wait(&retry, &mut random).get())
        };
        assert_eq!(waits(130, 0), [1_000, 1_300, 1_690, 2_197, 2_856, 3_000, 3_000]);
        assert_eq!(waits(100, 0), [1_000; 7]);
        assert!(waits(100, 20).iter().all(|wait| (800..=1_000).contains(wait)));
    }
}
