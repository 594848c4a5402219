//! The app's own requests: the platform sends them where the core says, and reports how they ended.

use crate::core::Core;
use std::collections::VecDeque;
use steadfast::{Call, CallOutcome, Name, Refusal, Route, Transport};

/// Maximum number of requests under way; when exceeded, the oldest is taken for lost.
const MAX_UNDER_WAY: usize = 1024;

/// A request that is to be made.
#[derive(uniffi::Enum)]
pub enum Requested {
    /// One that the platform makes, and sends again where the core says.
    ByPlatform {
        /// Its HTTP method.
        method: String,
        /// Whether it can be sent twice: it has no stream for a body.
        replayable: bool,
    },
    /// One that the app makes by itself.
    ByApp {
        /// The endpoint that it is not to go to.
        excluding: Option<Name>,
    },
}

/// Where to send a request, or why not to.
#[derive(uniffi::Enum)]
pub enum Begun {
    /// It may be sent.
    Permitted {
        /// Where to.
        attempt: Attempt,
    },
    /// It may not.
    Refused {
        /// Why not.
        refusal: Refusal,
    },
}

/// How an attempt ended.
#[derive(uniffi::Enum)]
pub enum AttemptEnd {
    /// With an answer.
    Answered {
        /// Its HTTP status.
        status: u16,
        /// Where it came from, redirects followed.
        url: String,
    },
    /// Without one, or as the app says.
    Other {
        /// How.
        outcome: CallOutcome,
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
    attempts: VecDeque<(u32, steadfast::Attempt)>,
    last: u32,
}

#[uniffi::export]
impl Core {
    /// Asks where to send a request.
    pub fn begin_call(&self, requested: Requested) -> Begun {
        let call = match requested {
            Requested::ByPlatform { method, replayable } => Call::new(&method, replayable),
            Requested::ByApp { excluding } => {
                Call::by_app(excluding.map_or(Route::Active, Route::Excluding))
            }
        };
        match self.link().begin_call(Transport::now(self), call) {
            Ok(attempt) => Begun::Permitted { attempt: self.keep(attempt) },
            Err(refusal) => Begun::Refused { refusal },
        }
    }

    /// Reports how a request ended. Returns where to send it again.
    pub fn attempt_ended(&self, number: u32, end: AttemptEnd) -> Option<Attempt> {
        let attempt = self.under_way().take(number)?;
        let outcome = match end {
            AttemptEnd::Answered { status, url } => attempt.outcome(status, &url),
            AttemptEnd::Other { outcome } => outcome,
        };
        let next = self.link().attempt_ended(Transport::now(self), attempt, outcome)?;
        Some(self.keep(next))
    }
}

impl Core {
    /// Keeps an attempt until its end is reported. One that is taken for lost gives its place in a
    /// half-open breaker back.
    fn keep(&self, attempt: steadfast::Attempt) -> Attempt {
        let (kept, lost) = self.under_way().add(attempt);
        if let Some(lost) = lost {
            self.link().attempt_ended(Transport::now(self), lost, CallOutcome::Released);
        }
        kept
    }
}

impl UnderWay {
    /// Adds an attempt; returns what the platform sees of it, and the oldest if there were too many.
    fn add(&mut self, attempt: steadfast::Attempt) -> (Attempt, Option<steadfast::Attempt>) {
        let full = self.attempts.len() >= MAX_UNDER_WAY;
        let lost = if full { self.attempts.pop_front() } else { None };
        self.last = self.last.wrapping_add(1);
        let (endpoint, origin) = (attempt.endpoint().clone(), attempt.origin().to_owned());
        self.attempts.push_back((self.last, attempt));
        (Attempt { endpoint, origin, number: self.last }, lost.map(|(_, attempt)| attempt))
    }

    fn take(&mut self, number: u32) -> Option<steadfast::Attempt> {
        let at = self.attempts.iter().position(|(known, _)| *known == number)?;
        Some(self.attempts.remove(at)?.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};

    #[test]
    fn of_too_many_requests_under_way_the_oldest_is_lost() {
        let url = |text: &str| text.parse().expect("a URL");
        let endpoint = Endpoint::new("a", url("wss://a.example/"), url("https://a.example/_ping"));
        let config = Config::new(Preset::Default, vec![endpoint]).validate().expect("a config");
        let now = Timestamp::from_millis(0);
        let mut engine = Engine::new(config, 1, now);
        let mut under_way = UnderWay::default();
        for round in 1..=MAX_UNDER_WAY as u32 + 3 {
            let attempt = engine.begin_call(now, Call::new("GET", true)).expect("a permit");
            let (kept, lost) = under_way.add(attempt);
            assert_eq!((kept.number, lost.is_some()), (round, round > MAX_UNDER_WAY as u32));
        }
        assert!((1..=3).all(|number| under_way.take(number).is_none()));
        assert!((4..=MAX_UNDER_WAY as u32 + 3).all(|number| under_way.take(number).is_some()));
        assert!(under_way.attempts.is_empty());
    }
}
