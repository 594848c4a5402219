//! The app's own requests: the platform sends them where the core says, and reports how they ended.

use crate::core::Core;
use steadfast::{Call, CallOutcome, Name, Refusal, Route, Transport};

/// Maximum number of requests under way; when exceeded, the oldest is taken for lost.
const MAX_UNDER_WAY: usize = 1024;

/// Where to send a request, or why not to.
#[derive(uniffi::Enum)]
pub enum Begun {
    /// There.
    Permitted {
        /// Where.
        attempt: Attempt,
    },
    /// Nowhere.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

/// A request on its way to an endpoint. The first report of its end counts.
#[derive(uniffi::Record)]
pub struct Attempt {
    /// To which endpoint.
    pub endpoint: Name,
    /// Where that answers requests: `https://host:port`.
    pub origin: String,
    /// Its number, to report its end with.
    pub number: u32,
}

/// The requests under way, the oldest first.
#[derive(Default)]
pub(crate) struct UnderWay {
    attempts: Vec<(u32, steadfast::Attempt)>,
    last: u32,
}

#[uniffi::export]
impl Core {
    /// Asks where to send a request of this method, which has no stream for a body if it is
    /// `replayable`. Without a method the app makes it by itself, not to the endpoint `excluding`.
    pub fn begin_call(
        &self,
        method: Option<String>,
        replayable: bool,
        excluding: Option<Name>,
    ) -> Begun {
        let call = match method {
            Some(method) => Call::new(&method, replayable),
            None => Call::by_app(excluding.map_or(Route::Active, Route::Excluding)),
        };
        match self.link().begin_call(Transport::now(self), call) {
            Ok(attempt) => Begun::Permitted { attempt: self.under_way().add(attempt) },
            Err(refusal) => Begun::Refused { refusal },
        }
    }

    /// Says how a request ended; the `status` of an answer decides. Returns where to send it again.
    pub fn attempt_ended(
        &self,
        number: u32,
        outcome: CallOutcome,
        status: Option<u16>,
    ) -> Option<Attempt> {
        let attempt = self.under_way().take(number)?;
        let outcome = status.map_or(outcome, CallOutcome::of_status);
        let next = self.link().attempt_ended(Transport::now(self), attempt, outcome)?;
        Some(self.under_way().add(next))
    }
}

impl UnderWay {
    fn add(&mut self, attempt: steadfast::Attempt) -> Attempt {
        if self.attempts.len() >= MAX_UNDER_WAY {
            drop(self.attempts.remove(0));
        }
        self.last = self.last.wrapping_add(1);
        let (endpoint, origin) = (attempt.endpoint().clone(), attempt.origin().to_owned());
        self.attempts.push((self.last, attempt));
        Attempt { endpoint, origin, number: self.last }
    }

    fn take(&mut self, number: u32) -> Option<steadfast::Attempt> {
        let at = self.attempts.iter().position(|(known, _)| *known == number)?;
        Some(self.attempts.remove(at).1)
    }
}
