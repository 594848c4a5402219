//! When failures are enough to call an endpoint down. A type of its own, so that a sharper one can take its place.

/// Counts failures in a row; one success clears them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountingDetector {
    failures: u32,
    threshold: u32,
}

impl CountingDetector {
    pub(crate) const fn new(threshold: u32) -> Self {
        Self { failures: 0, threshold }
    }

    pub(crate) fn failure(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    pub(crate) fn success(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row.
    pub(crate) const fn failures(self) -> u32 {
        self.failures
    }

    /// Whether there is evidence against the endpoint.
    pub(crate) const fn suspects(self) -> bool {
        self.failures > 0
    }

    /// Whether the evidence suffices.
    pub(crate) const fn is_down(self) -> bool {
        self.failures >= self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_must_be_reached_in_a_row() {
        let mut detector = CountingDetector::new(3);
        detector.failure();
        detector.failure();
        assert!(detector.suspects() && !detector.is_down());
        detector.success();
        assert!(!detector.suspects());
        for _ in 0..3 {
            detector.failure();
        }
        assert!(detector.is_down());
    }
}
