//! When there is something to do next, and what.

use super::Engine;
use crate::base::time::Timestamp;

/// What a wake-up is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// A check begins or has taken too long.
    Check,
    /// A decision waits for its time: a spread, or a planned move.
    Decision,
    /// A connection has taken too long to open, is attempted, or has shown that it lasts.
    Connection,
    /// A connectivity probe begins or has taken too long.
    Connectivity,
    /// The connection has been silent for longer than usual, or an answer takes longer.
    Silence,
    /// An action of recovery has taken too long.
    Recovery,
}

/// A moment, and what there is to do then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wakeup {
    /// When.
    pub at: Timestamp,
    /// What for.
    pub timer: Timer,
}

/// The sooner of two wake-ups; the first if both are at the same time.
pub(super) fn sooner(next: Option<Wakeup>, at: Option<Timestamp>, timer: Timer) -> Option<Wakeup> {
    match (next, at) {
        (Some(next), Some(at)) if next.at <= at => Some(next),
        (_, Some(at)) => Some(Wakeup { at, timer }),
        (next, None) => next,
    }
}

impl Engine {
    /// Returns the next wake-up and its reason. `check` is the next one for a check.
    pub(super) fn find_wakeup(&self, check: Option<Timestamp>) -> Option<Wakeup> {
        let mut next = sooner(None, check, Timer::Check);
        next = sooner(next, self.failover.due(self.world(), &self.cx), Timer::Decision);
        next = sooner(next, self.session.due(&self.cx, self.attempts()), Timer::Connection);
        let connectivity = self.checks.connectivity();
        next = sooner(next, connectivity.due(self.doubt(), self.cx.now), Timer::Connectivity);
        next = sooner(next, self.session.idle_due().filter(|_| self.listens()), Timer::Silence);
        next.map(|next| Wakeup { at: next.at.max(self.cx.now), ..next })
    }

    /// Since when the network is in doubt, if third parties are to be asked about it.
    pub(super) fn doubt(&self) -> Option<Timestamp> {
        let since = self.failover.in_doubt_since().filter(|_| self.watches())?;
        let works = self.checks.connectivity().last_pass().is_some_and(|at| at >= since);
        let asks = self.failover.is_offline() || (!self.failover.is_in_outage() && !works);
        asks.then_some(since)
    }
}
