//! A check that has ended, and what it shows.

use super::schedule::InFlightCheck;
use crate::config::Name;
use crate::health::Exclusion;
use crate::protocol::event::CheckReport;
use crate::protocol::outcome::{Answer, FailureKind};

/// A check that has ended, and what it shows.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) index: usize,
    pub(crate) failure: Option<FailureKind>,
    pub(super) check: InFlightCheck,
    pub(super) answer: Answer,
    /// The endpoint announces maintenance.
    pub(super) announced: Option<Exclusion>,
    /// It passed, but slowly or with a warning; or the server limits our rate.
    pub(super) poor: bool,
    /// It is repeated before it counts.
    pub(super) repeated: bool,
}

impl Ended {
    /// Whether the endpoint can be used, as far as this check shows.
    pub(crate) fn passed(&self) -> bool {
        // A server that limits our rate works.
        self.announced.is_none() && (self.failure.is_none() || self.poor)
    }

    pub(crate) const fn is_repeated(&self) -> bool {
        self.repeated
    }

    /// Whether it answers the app's `checkNow`.
    pub(crate) const fn is_asked_for(&self) -> bool {
        self.check.request.is_some()
    }

    /// The report for the app, with the failures in a row as they are now.
    pub(crate) fn report(&mut self, endpoint: Name, failures: u32) -> CheckReport {
        let answer = std::mem::take(&mut self.answer);
        CheckReport {
            endpoint,
            failure: self.failure,
            status: answer.status,
            latency_ms: answer.latency.get(),
            failures: if self.failure.is_some() { failures } else { 0 },
            message: self.failure.map(|kind| kind.advice().to_owned()),
            failing: answer.document.map(|document| document.failing).unwrap_or_default(),
            headers: answer.headers,
            request: self.check.request.filter(|_| !self.repeated),
        }
    }
}
