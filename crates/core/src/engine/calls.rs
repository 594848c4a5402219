//! Permission for the app's own requests, and to which endpoint each goes.

use super::Engine;
use crate::base::time::Timestamp;
use crate::breaker::call::{Attempt, Call, Repetition};
use crate::breaker::permit::{CallOutcome, Permit, Refusal, Route};
use crate::failover::Failover;
use crate::protocol::input::Input;

impl Engine {
    /// Asks for permission to make a request of the app's own. It costs nothing and decides at
    /// once. Call [`handle`](Self::handle) with [`Input::Wake`] after it, for
    /// what follows.
    pub fn try_acquire(&mut self, now: Timestamp, route: &Route) -> Result<Permit, Refusal> {
        self.advance(now);
        let index = self.target(route);
        self.breakers.try_acquire(&mut self.cx, index)
    }

    /// Asks where a request of the app's own is to be sent: to the endpoint of its route, or, if the
    /// circuit breaker of that refuses, to the next-best one, whatever its method. Call
    /// [`handle`](Self::handle) with [`Input::Wake`] after it, for what follows.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// # use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};
    /// use steadfast::{Call, CallOutcome};
    /// # let connect = "wss://a.example/".parse().unwrap();
    /// # let endpoint = Endpoint::new("only", connect, "https://a.example/_ping".parse().unwrap());
    /// # let config = Config::new(Preset::Default, vec![endpoint]);
    /// # let mut engine = Engine::new(config.validate().unwrap(), 1, Timestamp::from_millis(0));
    /// # let now = Timestamp::from_millis(0);
    /// let attempt = engine.begin_call(now, Call::new("GET", true)).unwrap();
    /// assert_eq!(attempt.origin(), "https://a.example");
    /// // The request is sent there, and is answered with status 503.
    /// let next = engine.attempt_ended(now, attempt, CallOutcome::of_status(503));
    /// assert!(next.is_none(), "there is no other endpoint");
    /// # }
    /// ```
    pub fn begin_call(&mut self, now: Timestamp, call: Call) -> Result<Attempt, Refusal> {
        self.advance(now);
        let first = self.target(&call.route);
        self.offer(first, call.repetition)
    }

    /// Takes in how a request ended, and returns where it is to be sent again; `None` if what came
    /// of it is the app's.
    pub fn attempt_ended(
        &mut self,
        now: Timestamp,
        attempt: Attempt,
        outcome: CallOutcome,
    ) -> Option<Attempt> {
        let (input, again) = attempt.ended(now, outcome);
        self.handle(now, input);
        let next = self.elsewhere(again?);
        // For what follows from the permit.
        self.handle(now, Input::Wake);
        next
    }

    /// Sends a request to the best of the endpoints that it was not offered to.
    fn elsewhere(&mut self, repetition: Repetition) -> Option<Attempt> {
        // A request that outlives the engine is not repeated.
        if self.is_stopped() {
            return None;
        }
        let best = self.best_other(&|index| repetition.was_offered_to(index))?;
        self.offer(best, repetition).ok()
    }

    /// Offers a request to an endpoint, and if that refuses to the next-best ones. The first to
    /// refuse is the one that is named.
    fn offer(&mut self, index: usize, mut repetition: Repetition) -> Result<Attempt, Refusal> {
        repetition.offer_to(index);
        match self.breakers.try_acquire(&mut self.cx, index) {
            Ok(permit) => {
                let origin = self.cx.endpoints[index].connect.origin();
                Ok(Attempt::new(repetition, permit, origin, self.cx.now))
            }
            Err(refusal) if repetition.is_offered_elsewhere() => {
                self.elsewhere(repetition).ok_or(refusal)
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn target(&self, route: &Route) -> usize {
        let index = match route {
            Route::Active => None,
            Route::To(name) => self.cx.index_of(name),
            Route::Excluding(name) => {
                let excluded = self.cx.index_of(name);
                self.best_other(&|index| Some(index) == excluded)
            }
        };
        index.unwrap_or(self.failover.active())
    }

    /// The best usable endpoint but these, before all one whose breaker may let a request through.
    fn best_other(&self, but: &dyn Fn(usize) -> bool) -> Option<usize> {
        let view = self.gather();
        let others = |allowed: &dyn Fn(usize) -> bool| {
            Failover::best(&view, &self.cx, &|index| !but(index) && allowed(index))
        };
        others(&|index| self.breakers.may_permit(index)).or_else(|| others(&|_| true))
    }
}
