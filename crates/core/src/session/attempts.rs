//! When the next attempt to connect is made.

use super::Session;
use crate::base::time::{Millis, Timestamp, earliest};
use crate::engine::context::Context;

impl Session {
    /// An attempt is made by this moment, unless one is under way.
    pub(crate) fn retry_by(&mut self, at: Timestamp) {
        if self.is_wanted() && self.connection.deadline().is_none() {
            self.retry_at = earliest([self.retry_at, Some(at)]);
        }
    }

    /// The next attempt is made at this moment.
    pub(crate) fn retry_at(&mut self, at: Timestamp) {
        self.retry_at = Some(at);
    }

    /// A trial has failed: what it stood in the way of is attempted at this moment.
    pub(super) fn make_up_for_trial(&mut self, at: Timestamp) {
        if std::mem::take(&mut self.postponed) {
            self.retry_at = earliest([self.retry_at, Some(at)]);
        }
    }

    /// An attempt that waits need not wait long. How far the back-off has got is kept, and attempts
    /// keep their distance, for networks that flap. One that is due stays due.
    pub(crate) fn hurry(&mut self, cx: &mut Context, spread: Millis) {
        let soon = self.soon(cx, spread);
        self.retry_at = self.retry_at.map(|at| at.min(soon));
    }

    /// As [`Session::hurry`], where a crowd has waited for the same moment: an attempt that is due
    /// is spread like the others.
    pub(crate) fn hurry_in_a_crowd(&mut self, cx: &mut Context, spread: Millis) {
        let soon = self.soon(cx, spread);
        let now = cx.now;
        self.retry_at = self.retry_at.map(|at| if at > now { at.min(soon) } else { soon });
    }

    fn soon(&self, cx: &mut Context, spread: Millis) -> Timestamp {
        let initial = cx.config.retry.initial;
        let soon = cx.now + cx.random.within(initial.max(spread));
        soon.max(self.attempted_at + initial)
    }

    /// Whether the time for the next attempt has come.
    pub(crate) fn retry_is_due(&self, now: Timestamp) -> bool {
        self.retry_at.is_some_and(|at| at <= now)
    }
}
