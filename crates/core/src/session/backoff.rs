//! Waits between retries: exponential, capped, with full jitter, so that clients that failed
//! together do not come back together.

use crate::base::random::Random;
use crate::base::time::Millis;
use crate::config::Retry;

/// How many retries there have been.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    attempt: u32,
}

impl Backoff {
    /// The wait before the next retry: a random part of `initial` · 2ⁿ, at most of `max`.
    pub(crate) fn wait(&mut self, retry: &Retry, random: &mut Random) -> Millis {
        let longest = retry.initial.scaled(1 << self.attempt.min(20), 1).min(retry.max);
        self.attempt = self.attempt.saturating_add(1);
        random.within(longest)
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
        let retry = Retry { initial: Millis::new(100), max: Millis::from_secs(10) };
        for attempt in 0..200 {
            let longest = if attempt > 7 { 10_000 } else { 100 << attempt };
            assert!(backoff.wait(&retry, &mut random) <= Millis::new(longest));
        }
        backoff.reset();
        assert!(backoff.wait(&retry, &mut random) <= retry.initial);
    }
}
