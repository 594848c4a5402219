//! How long an endpoint usually takes to answer, and how long to wait for it: TCP's estimator (RFC
//! 6298) applied to checks.

use crate::base::time::Millis;

/// Smoothed round-trip time and its mean deviation. Twelve bytes, however long it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RttEstimator {
    /// In eighths of a millisecond, so that small changes are not rounded away.
    smoothed: u32,
    /// In quarters of a millisecond.
    deviation: u32,
    samples: Samples,
}

/// Two minutes in milliseconds: beyond every timeout that matters, and far from overflow.
const LONGEST: u32 = 120_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Samples {
    #[default]
    None,
    /// It took the name look-up and the handshakes along, which later checks on the same connection
    /// do not.
    First,
    Several,
}

impl RttEstimator {
    pub(crate) fn observe(&mut self, sample: Millis) {
        let sample = sample.get().min(LONGEST);
        let fresh = match self.samples {
            Samples::None => true,
            Samples::First => sample < self.smoothed / 8,
            Samples::Several => false,
        };
        let samples = if self.samples == Samples::None { Samples::First } else { Samples::Several };
        if fresh {
            *self = Self { smoothed: sample * 8, deviation: sample * 2, samples };
        } else {
            let error = sample.abs_diff(self.smoothed / 8);
            self.deviation = self.deviation - self.deviation / 4 + error;
            self.smoothed = self.smoothed - self.smoothed / 8 + sample;
            self.samples = samples;
        }
    }

    /// Forgets everything: the path to the endpoint is another one now.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// For keeping.
    pub(crate) fn to_numbers(self) -> [u32; 3] {
        [self.smoothed, self.deviation, self.samples as u32]
    }

    /// What [`RttEstimator::to_numbers`] gave, as far as it makes sense.
    pub(crate) fn from_numbers([smoothed, deviation, samples]: [u32; 3]) -> Self {
        let samples = match samples {
            0 => Samples::None,
            1 => Samples::First,
            _ => Samples::Several,
        };
        // As large as observing can make them.
        Self { smoothed: smoothed.min(8 * LONGEST), deviation: deviation.min(4 * LONGEST), samples }
    }

    pub(crate) fn smoothed(&self) -> Option<Millis> {
        (self.samples != Samples::None).then(|| Millis::new(self.smoothed / 8))
    }

    /// The mean deviation from the smoothed round-trip time.
    pub(crate) fn deviation(&self) -> Millis {
        Millis::new(self.deviation / 4)
    }

    /// Smoothed RTT + 4 deviations within the bounds; the upper bound while nothing is known.
    pub(crate) fn timeout(&self, low: Millis, high: Millis) -> Millis {
        if self.samples == Samples::None {
            return high;
        }
        Millis::new(self.smoothed / 8 + self.deviation).clamp(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: Millis = Millis::new(300);
    const HIGH: Millis = Millis::from_secs(5);

    #[test]
    fn waits_long_until_something_is_known() {
        let mut rtt = RttEstimator::default();
        assert_eq!(rtt.timeout(LOW, HIGH), HIGH);
        rtt.observe(Millis::new(200));
        assert_eq!(rtt.timeout(LOW, HIGH), Millis::new(600));
        rtt.forget();
        assert_eq!(rtt.timeout(LOW, HIGH), HIGH);
    }

    #[test]
    fn a_first_sample_that_took_handshakes_along_is_forgotten() {
        let mut rtt = RttEstimator::default();
        rtt.observe(Millis::new(4_000));
        rtt.observe(Millis::new(20));
        assert_eq!(rtt.smoothed(), Some(Millis::new(20)));
        rtt.observe(Millis::new(100));
        rtt.observe(Millis::new(20));
        assert!(rtt.smoothed() > Some(Millis::new(20)));
    }

    #[test]
    fn a_steady_endpoint_gets_a_short_timeout_and_a_restless_one_a_long() {
        let (mut steady, mut restless) = (RttEstimator::default(), RttEstimator::default());
        for round in 0..100 {
            steady.observe(Millis::new(20));
            restless.observe(Millis::new(if round % 2 == 0 { 100 } else { 900 }));
        }
        assert_eq!(steady.timeout(LOW, HIGH), LOW);
        assert!(restless.timeout(LOW, HIGH) > Millis::new(1_500));
    }

    #[test]
    fn follows_a_change_and_never_overflows() {
        let mut rtt = RttEstimator::default();
        for _ in 0..100 {
            rtt.observe(Millis::new(u32::MAX));
        }
        for _ in 0..100 {
            rtt.observe(Millis::new(40));
        }
        assert!((38..45).contains(&rtt.smoothed().unwrap().get()));
    }
}
