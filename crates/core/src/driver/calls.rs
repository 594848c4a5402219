//! The app's own requests. What was sent before counts first.

use super::Link;
use crate::base::time::{Millis, Timestamp};
use crate::breaker::call::{Attempt, Call};
use crate::breaker::permit::{CallOutcome, Permit, Refusal, Route};
use crate::protocol::input::Input;

impl Link {
    /// Asks for permission to make a request of the app's own; see [`Engine::try_acquire`]. `now` is
    /// the transport's.
    ///
    /// [`Engine::try_acquire`]: crate::Engine::try_acquire
    pub fn try_acquire(&self, now: Timestamp, route: &Route) -> Result<Permit, Refusal> {
        Self::at_once(self.lock(), now, |engine| engine.try_acquire(now, route))
    }

    /// Reports how a request ended, and how long it took.
    pub fn call_ended(&self, permit: Permit, outcome: CallOutcome, latency: Millis) {
        self.send(Input::CallEnded { permit, outcome, latency });
    }

    /// Asks where a request of the app's own is to be sent; see [`Engine::begin_call`]. `now` is the
    /// transport's.
    ///
    /// [`Engine::begin_call`]: crate::Engine::begin_call
    pub fn begin_call(&self, now: Timestamp, call: Call) -> Result<Attempt, Refusal> {
        Self::at_once(self.lock(), now, |engine| engine.begin_call(now, call))
    }

    /// Reports how a request ended, and returns where it is to be sent again; see
    /// [`Engine::attempt_ended`]. `now` is the transport's.
    ///
    /// [`Engine::attempt_ended`]: crate::Engine::attempt_ended
    pub fn attempt_ended(
        &self,
        now: Timestamp,
        attempt: Attempt,
        outcome: CallOutcome,
    ) -> Option<Attempt> {
        Self::at_once(self.lock(), now, |engine| engine.attempt_ended(now, attempt, outcome))
    }
}
