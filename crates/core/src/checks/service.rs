//! The app's own requests to an endpoint, as far as they succeed.

use crate::base::time::{Millis, Timestamp};

/// For so long a request that succeeded shows that the app is served, however rare they are.
const SHORTEST: Millis = Millis::from_secs(10);
/// No request says anything for longer.
const LONGEST: Millis = Millis::from_secs(300);

/// Requests of the app's own that succeeded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Service {
    succeeded_at: Option<Timestamp>,
    /// From one that succeeded to the next.
    pause: Millis,
    /// The last one has failed.
    failed: bool,
}

impl Service {
    pub(super) fn succeeded(&mut self, now: Timestamp) {
        self.pause = self.succeeded_at.map_or(Millis::ZERO, |last| now - last);
        self.succeeded_at = Some(now);
        self.failed = false;
    }

    /// One has failed. After a second one the next is not waited for as if all went on.
    pub(super) fn failed(&mut self) {
        if self.failed {
            self.pause = Millis::ZERO;
        }
        self.failed = true;
    }

    /// Until when the last one that succeeded shows that the app is served: twice as long as they
    /// are apart.
    pub(super) fn lasts_until(&self) -> Option<Timestamp> {
        let patience = self.pause.scaled(2, 1).clamp(SHORTEST, LONGEST);
        self.succeeded_at.map(|at| at + patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(1_000 * secs)
    }

    #[test]
    fn requests_are_expected_at_their_own_rhythm() {
        let mut service = Service::default();
        assert_eq!(service.lasts_until(), None);
        service.succeeded(at(100));
        assert_eq!(service.lasts_until(), Some(at(110)));
        service.succeeded(at(130));
        assert_eq!(service.lasts_until(), Some(at(190)));
        service.failed();
        assert_eq!(service.lasts_until(), Some(at(190)), "one may be lost");
        service.failed();
        assert_eq!(service.lasts_until(), Some(at(140)));
        service.succeeded(at(1_000));
        assert_eq!(service.lasts_until(), Some(at(1_300)));
    }
}
