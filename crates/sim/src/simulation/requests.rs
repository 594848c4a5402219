//! The app's own requests: each asks the engine for a permit, goes the way that a check goes, and
//! reports how it ended.

use super::{Observer, Pending, Simulation};
use steadfast::{CallOutcome, FIRST_SERVER_ERROR, Input, Millis, Outcome, Permit, Route};

/// The longest that the app waits for an answer.
const PATIENCE: Millis = Millis::from_secs(10);

/// A request under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    permit: Permit,
    outcome: CallOutcome,
    latency: Millis,
}

impl Simulation {
    /// Lets the app make a request to the active endpoint every `interval`.
    #[must_use]
    pub fn with_requests(mut self, interval: Option<Millis>) -> Self {
        self.requests = interval;
        self.schedule_request();
        self
    }

    pub(super) fn schedule_request(&mut self) {
        if let Some(interval) = self.requests {
            self.pending.push((self.now + interval, Pending::NextRequest));
        }
    }

    /// Makes the next request, if its breaker lets it through.
    pub(super) fn request(&mut self, observer: &mut impl Observer) {
        self.schedule_request();
        if self.is_frozen {
            return;
        }
        let permit = self.engine.try_acquire(self.now, &Route::Active);
        if let Ok(permit) = permit {
            let (latency, outcome) = self.world.check(permit.endpoint.as_str(), self.now, PATIENCE);
            let outcome = match outcome {
                Outcome::Answer(answer)
                    if answer.status.is_some_and(|status| status < FIRST_SERVER_ERROR) =>
                {
                    CallOutcome::Succeeded
                }
                _ => CallOutcome::Failed,
            };
            let request = Request { permit, outcome, latency };
            self.pending.push((self.now + latency, Pending::Request(request)));
        }
        self.input(Input::Wake, observer);
    }
}

impl From<Request> for Input {
    fn from(request: Request) -> Self {
        let Request { permit, outcome, latency } = request;
        Self::CallEnded { permit, outcome, latency }
    }
}
