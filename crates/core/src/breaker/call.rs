//! The policy of one of the app's own requests: what counts as a failure, whether the request may
//! be sent again, and where. A shell sends it to the endpoint that it is given, and
//! reports how it ended.

use super::permit::{CallOutcome, Permit, Route};
use crate::base::time::{Millis, Timestamp};
use crate::base::url::host_and_port;
use crate::config::Name;
use crate::protocol::input::Input;

/// Methods that are idempotent (RFC 9110, section 9.2.2): to send a request twice does what sending
/// it once does.
const IDEMPOTENT_METHODS: [&str; 6] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];

/// How often a request is sent at most. One that fails at two endpoints is the app's to repeat.
const MAX_ATTEMPTS: u32 = 2;

/// One of the app's own requests, before it is sent.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) route: Route,
    pub(crate) repetition: Repetition,
}

/// What decides whether a request is sent to another endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repetition {
    allowed: Allowed,
    attempts: u32,
    /// The endpoints that it was offered to, a bit each by their place in the list: it is not
    /// offered to one twice. Another list meanwhile does no harm: names would cost half a kilobyte.
    offered: u64,
}

/// When a request may go to another endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allowed {
    /// Whenever one has failed it.
    AfterFailure,
    /// As long as nothing of it was sent.
    Unsent,
    /// Never.
    Never,
}

impl Call {
    /// A request of this method, to the active endpoint first. `replayable` is false of one whose
    /// body is a stream, which can be sent once.
    pub fn new(method: &str, replayable: bool) -> Self {
        let repeats = replayable && IDEMPOTENT_METHODS.contains(&method);
        let allowed = if repeats { Allowed::AfterFailure } else { Allowed::Unsent };
        Self { route: Route::Active, repetition: Repetition { allowed, attempts: 0, offered: 0 } }
    }

    /// A request that the app makes and repeats by itself, or that is for one endpoint alone: it
    /// needs a permit, and nothing else.
    pub fn by_app(route: Route) -> Self {
        let repetition = Repetition { allowed: Allowed::Never, attempts: 0, offered: 0 };
        Self { route, repetition }
    }
}

impl Repetition {
    /// Whether the next endpoint is asked if the circuit breaker of one refuses. Nothing was sent
    /// then, so that the method does not matter.
    pub(crate) fn is_offered_elsewhere(self) -> bool {
        self.allowed != Allowed::Never
    }

    pub(crate) fn was_offered_to(self, index: usize) -> bool {
        self.offered & 1 << (index & 63) != 0
    }

    pub(crate) fn offer_to(&mut self, index: usize) {
        self.offered |= 1 << (index & 63);
    }

    /// Whether it is to be sent to another endpoint after this.
    fn is_due_after(self, outcome: CallOutcome) -> bool {
        self.attempts < MAX_ATTEMPTS
            && match outcome {
                CallOutcome::Failed => self.allowed == Allowed::AfterFailure,
                CallOutcome::Unsent => self.is_offered_elsewhere(),
                // Nobody waits for an answer any more, or it is there.
                CallOutcome::Succeeded | CallOutcome::TimedOut | CallOutcome::Released => false,
            }
    }
}

/// One of the app's own requests on its way to an endpoint. It holds a permit: report how it ended.
#[derive(Debug)]
#[must_use = "a permit whose end is not reported is taken for lost after a while"]
pub struct Attempt {
    permit: Permit,
    origin: String,
    began: Timestamp,
    repetition: Repetition,
}

impl Attempt {
    pub(crate) fn new(
        mut repetition: Repetition,
        permit: Permit,
        origin: String,
        began: Timestamp,
    ) -> Self {
        repetition.attempts += 1;
        Self { permit, origin, began, repetition }
    }

    /// To which endpoint the request may be made.
    pub fn endpoint(&self) -> &Name {
        &self.permit.endpoint
    }

    /// Where the endpoint answers requests: `https://host:port`. A request goes nowhere else.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What an answer with this status says of the endpoint, that came from this URL. Where a redirect
    /// has led to another host or port, its status says nothing: the endpoint itself has answered.
    pub fn outcome(&self, status: u16, url: &str) -> CallOutcome {
        let elsewhere = !url.is_empty() && host_and_port(url) != host_and_port(&self.origin);
        if elsewhere { CallOutcome::Succeeded } else { CallOutcome::of_status(status) }
    }

    /// What the engine is told of the end, and what is left to try, if the request is to be sent to
    /// another endpoint.
    pub(crate) fn ended(self, now: Timestamp, outcome: CallOutcome) -> (Input, Option<Repetition>) {
        let Self { permit, began, repetition, .. } = self;
        let latency: Millis = now - began;
        let again = repetition.is_due_after(outcome).then_some(repetition);
        (Input::CallEnded { permit, outcome, latency }, again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CallOutcome::{Failed, Released, Succeeded, TimedOut, Unsent};

    fn is_repeated(call: &Call, outcome: CallOutcome) -> bool {
        let permit = Permit { endpoint: "a".into(), generation: 0, number: 1 };
        let began = Timestamp::from_millis(100);
        let origin = "https://a.example".to_owned();
        let attempt = Attempt::new(call.repetition, permit.clone(), origin, began);
        let (input, again) = attempt.ended(Timestamp::from_millis(350), outcome);
        assert_eq!(input, Input::CallEnded { permit, outcome, latency: Millis::new(250) });
        again.is_some()
    }

    #[test]
    fn what_may_be_repeated_is_repeated() {
        let idempotent: &[&str] = &["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];
        let other: &[&str] = &["POST", "PATCH", "CONNECT", "REPORT", "get", ""];
        // The outcomes after which a request goes to another endpoint.
        let table: [(&[&str], bool, &[CallOutcome]); 4] = [
            (idempotent, true, &[Failed, Unsent]),
            (idempotent, false, &[Unsent]),
            (other, true, &[Unsent]),
            (other, false, &[Unsent]),
        ];
        for outcome in [Succeeded, Failed, Unsent, TimedOut, Released] {
            for (methods, replayable, repeated) in table {
                for method in methods {
                    let expected = repeated.contains(&outcome);
                    let case = format!("{method} {replayable} {outcome}");
                    assert_eq!(
                        is_repeated(&Call::new(method, replayable), outcome),
                        expected,
                        "{case}"
                    );
                }
            }
            assert!(!is_repeated(&Call::by_app(Route::Active), outcome), "{outcome}");
        }
    }

    #[test]
    fn from_500_on_the_server_has_failed() {
        for (status, outcome) in [
            (0, Succeeded),
            (101, Succeeded),
            (200, Succeeded),
            (304, Succeeded),
            (404, Succeeded),
            (429, Succeeded),
            (499, Succeeded),
            (500, Failed),
            (503, Failed),
            (599, Failed),
        ] {
            assert_eq!(CallOutcome::of_status(status), outcome, "{status}");
        }
    }

    #[test]
    fn what_another_host_answers_says_nothing() {
        let permit = Permit { endpoint: "a".into(), generation: 0, number: 1 };
        let began = Timestamp::default();
        for (origin, url, outcome) in [
            ("https://a.example", "https://a.example/x", Failed),
            ("https://a.example", "", Failed),
            ("http://a.example", "https://a.example/?https://b.example", Failed),
            ("https://a.example", "https://me@a.example", Failed),
            ("http://[::1]:81", "http://[::1]:81/", Failed),
            ("http://[::1]:81", "http://[::1]:82/", Succeeded),
            ("https://a.example", "https://b.example/https://a.example/", Succeeded),
            ("https://a.example", "https://a.example.evil.example/", Succeeded),
            ("http://[::1]:81", "http://[::2]:81/", Succeeded),
        ] {
            let call = Call::new("GET", true);
            let attempt = Attempt::new(call.repetition, permit.clone(), origin.to_owned(), began);
            assert_eq!(attempt.outcome(500, url), outcome, "{origin} {url}");
            assert_eq!(attempt.outcome(200, url), Succeeded);
        }
    }

    #[test]
    fn an_abort_is_no_failure_and_a_timeout_is() {
        let failures = [Failed, Unsent, TimedOut];
        for outcome in [Succeeded, Failed, Unsent, TimedOut, Released] {
            assert_eq!(outcome.is_failure(), failures.contains(&outcome), "{outcome}");
        }
    }
}
