//! When there is something to do next, and what.

use super::Engine;
use crate::base::time::Timestamp;
use crate::checks::Pace;

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
    /// The connection has been silent for longer than usual.
    Silence,
    /// An action of recovery has taken too long.
    Recovery,
}

/// A moment, and what there is to do then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wakeup {
    /// When.
    pub at: Timestamp,
    /// What for.
    pub timer: Timer,
}

impl Engine {
    pub(super) fn find_wakeup(&self) -> Option<Wakeup> {
        if !self.is_running() {
            return None;
        }
        let mut next = None;
        let mut consider = |at: Option<Timestamp>, timer: Timer| {
            if let Some(at) = at
                && next.is_none_or(|next: Wakeup| at < next.at)
            {
                next = Some(Wakeup { at, timer });
            }
        };
        for (index, pace) in self.paces().into_iter().enumerate() {
            consider(self.checks.due(&self.cx, index, pace), Timer::Check);
        }
        consider(self.failover.due(&self.world(), &self.cx), Timer::Decision);
        consider(self.session.due(&self.cx, self.attempts()), Timer::Connection);
        let connectivity = self.checks.connectivity();
        consider(connectivity.due(self.doubt(), self.cx.now), Timer::Connectivity);
        consider(self.session.idle_due().filter(|_| self.listens()), Timer::Silence);
        #[cfg(feature = "recovery")]
        consider(self.operator.due(&self.cx), Timer::Recovery);
        next.map(|next| Wakeup { at: next.at.max(self.cx.now), ..next })
    }

    /// How often each endpoint is checked at present.
    pub(super) fn paces(&self) -> Vec<Pace> {
        self.failover.paces(&self.world(), &self.cx)
    }

    /// Since when the network is in doubt, if third parties are to be asked about it.
    pub(super) fn doubt(&self) -> Option<Timestamp> {
        let since = self.failover.in_doubt_since().filter(|_| self.watches())?;
        let works = self.checks.connectivity().last_pass().is_some_and(|at| at >= since);
        let asks = self.failover.is_offline() || (!self.failover.is_in_outage() && !works);
        asks.then_some(since)
    }
}
