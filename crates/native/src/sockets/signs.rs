//! When a connection last gave a sign of life, and what the engine is told of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The engine need not know how many messages there are, only that there are some.
pub(super) const REPORT_EVERY: Duration = Duration::from_millis(250);

/// When something last arrived on a connection, and an answer to a ping.
#[derive(Clone, Debug)]
pub(super) struct Signs(Arc<Mutex<Seen>>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) heard: Instant,
    pub(super) answered: Instant,
    /// When bytes last left.
    pub(super) left: Instant,
    /// When an arrival was last reported.
    told_heard: Option<Instant>,
    /// When something that was sent was last reported.
    told_sent: Option<Instant>,
    /// Something was sent, and was reported: so is the next arrival.
    awaited: bool,
}

impl Default for Signs {
    fn default() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(Seen {
            heard: now,
            answered: now,
            left: now,
            told_heard: None,
            told_sent: None,
            awaited: false,
        })))
    }
}

impl Signs {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has arrived. True if that is to be reported.
    pub(super) fn heard(&self) -> bool {
        let now = Instant::now();
        let mut seen = self.lock();
        seen.heard = now;
        let report = is_due(seen.told_heard, now) || seen.awaited;
        if report {
            seen.told_heard = Some(now);
            seen.awaited = false;
        }
        report
    }

    /// Something was sent. True if that is to be reported.
    pub(super) fn sent(&self) -> bool {
        let now = Instant::now();
        let mut seen = self.lock();
        let report = is_due(seen.told_sent, now);
        if report {
            seen.told_sent = Some(now);
            seen.awaited = true;
        }
        report
    }

    /// An answer to a ping has arrived.
    pub(super) fn answered(&self) {
        self.lock().answered = Instant::now();
    }

    /// Bytes have left.
    pub(super) fn left(&self) {
        self.lock().left = Instant::now();
    }

    /// How long ago something last arrived, if anything has.
    pub(super) fn silent_for(&self) -> Option<Duration> {
        let Seen { heard, told_heard, .. } = *self.lock();
        // The first arrival is always reported.
        told_heard.map(|_| heard.elapsed())
    }

    pub(super) fn seen(&self) -> Seen {
        *self.lock()
    }
}

fn is_due(told: Option<Instant>, now: Instant) -> bool {
    told.is_none_or(|at| now.saturating_duration_since(at) >= REPORT_EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_arrival_after_something_was_sent_is_reported() {
        let signs = Signs::default();
        assert_eq!(signs.silent_for(), None, "nothing has arrived");
        assert!(signs.heard());
        assert!(!signs.heard(), "one of many");
        assert!(signs.silent_for().is_some());
        assert!(signs.sent());
        assert!(!signs.sent());
        assert!(signs.heard(), "the answer");
        assert!(!signs.heard());
    }
}
