//! When the next attempt to connect is made.

use super::held::Held;
use crate::base::time::{Millis, Timestamp, earliest};
use crate::engine::context::Context;

impl Held {
    /// An attempt is made by this moment, unless one is under way.
    pub(super) fn retry_by(&mut self, at: Timestamp) {
        if self.connection.deadline().is_none() {
            self.retry_at = earliest([self.retry_at, Some(at)]);
        }
    }

    /// A trial has failed: what it stood in the way of is attempted at this moment.
    pub(super) fn make_up_for_trial(&mut self, at: Timestamp) {
        if std::mem::take(&mut self.postponed) {
            self.retry_at = earliest([self.retry_at, Some(at)]);
        }
    }

    /// An attempt that waits need not wait long. How far the back-off has got is kept, and attempts
    /// keep their distance, for networks that flap. One that is due stays due.
    pub(super) fn hurry(&mut self, cx: &mut Context, spread: Millis) {
        let soon = self.soon(cx, spread);
        self.retry_at = self.retry_at.map(|at| at.min(soon));
    }

    /// As [`Held::hurry`], where a crowd has waited for the same moment: an attempt that is due is
    /// spread like the others.
    pub(super) fn hurry_in_a_crowd(&mut self, cx: &mut Context, spread: Millis) {
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
    pub(super) fn retry_is_due(&self, now: Timestamp) -> bool {
        self.retry_at.is_some_and(|at| at <= now)
    }
}
