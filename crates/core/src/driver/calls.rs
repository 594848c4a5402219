//! The app's own requests.

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
        let acquired = self.lock().engine.try_acquire(now, route);
        // What follows for the app is told by the driver.
        self.send(Input::Wake);
        acquired
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
        let begun = self.lock().engine.begin_call(now, call);
        self.send(Input::Wake);
        begun
    }

    /// Reports how a request ended, and returns where it is to be sent again; `None` if what came of
    /// it is the app's. What is asked next sees it. `now` is the transport's.
    pub fn attempt_ended(
        &self,
        now: Timestamp,
        attempt: Attempt,
        outcome: CallOutcome,
    ) -> Option<Attempt> {
        let (input, again) = attempt.ended(now, outcome);
        self.deliver(now, input);
        let next = self.lock().engine.elsewhere(again?);
        self.send(Input::Wake);
        next
    }
}
