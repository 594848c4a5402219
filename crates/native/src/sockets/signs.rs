//! When a connection last gave a sign of life.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When something last arrived on a connection, and an answer to a ping.
#[derive(Clone, Debug)]
pub(super) struct Signs(Arc<Mutex<Seen>>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) heard: Instant,
    pub(super) answered: Instant,
}

impl Default for Signs {
    fn default() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(Seen { heard: now, answered: now })))
    }
}

impl Signs {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has arrived.
    pub(super) fn heard(&self) {
        self.lock().heard = Instant::now();
    }

    /// An answer to a ping has arrived.
    pub(super) fn answered(&self) {
        self.lock().answered = Instant::now();
    }

    /// How long ago something last arrived.
    pub(super) fn silent_for(&self) -> Duration {
        self.lock().heard.elapsed()
    }

    pub(super) fn seen(&self) -> Seen {
        *self.lock()
    }
}
